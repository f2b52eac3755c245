#!/usr/bin/env node
/**
 * Fills the table of exit codes in docs/errors.md from helper/src/common/errors.ts. `--check` writes
 * nothing and exits with 1 when the table is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const root = new URL("../", import.meta.url);
const target = new URL("docs/errors.md", root);
const begin = "<!-- Exit codes: made by `npm run reference`; do not edit. -->\n";
const end = "<!-- End of the exit codes. -->\n";

/** The table `failureKinds`; its file imports nothing, so it can be loaded from its text. */
async function readFailureKinds() {
  const source = readFileSync(new URL("helper/src/common/errors.ts", root), "utf8");
  const { code } = transformSync(source, { loader: "ts", format: "esm" });
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return Object.entries(module.failureKinds);
}

function table(kinds) {
  const rows = [...kinds]
    .sort(([, a], [, b]) => a.exitCode - b.exitCode)
    .map(([kind, { exitCode, meaning }]) => `| ${exitCode} | ${kind} | ${meaning} |`);
  return ["| exit code | kind | meaning |", "|---|---|---|", "| 0 | | success |", ...rows, ""].join("\n");
}

const old = readFileSync(target, "utf8");
const [from, to] = [old.indexOf(begin), old.indexOf(end)];
if (from < 0 || to < from) throw new Error(`${fileURLToPath(target)} has lost the marks around the table`);
const text = `${old.slice(0, from)}${begin}\n${table(await readFailureKinds())}\n${old.slice(to)}`;
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (text !== old) {
  process.stderr.write(`${fileURLToPath(target)} is stale; run: npm run reference\n`);
  process.exitCode = 1;
}
