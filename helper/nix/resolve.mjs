/**
 * Makes ./resolved/CPU.json from package-lock.json, by lock.nix: what that says without having to read the whole
 * lock file in each evaluation. `--check` writes nothing and exits with 1 when one is stale, which costs time and
 * nothing else.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const at = (path) => join(import.meta.dirname, path);
const madeOf = [at("../../package-lock.json"), at("../bundle/left-out.json"), at("lock.nix")].map((file) =>
  createHash("sha256").update(readFileSync(file)).digest("hex"),
);
for (const cpu of ["arm64", "x64"]) {
  const target = at(`resolved/${cpu}.json`);
  const given = ["--argstr", "cpu", cpu, "--arg", "lockFile", "../../package-lock.json"];
  const needs = execFileSync("nix-instantiate", ["--eval", "--json", "--strict", "./lock.nix", ...given], {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  const text = `${JSON.stringify({ madeOf, ...JSON.parse(needs) }, null, 1)}\n`;
  if (!process.argv.includes("--check")) writeFileSync(target, text);
  else if (readFileSync(target, "utf8") !== text) {
    process.stderr.write(`${target} is stale; run: npm run reference\n`);
    process.exitCode = 1;
  }
}
