// Run by `npm pack`, before and after (see package.json): has Nix make what a release brings, and puts it where
// helper/nix/released.nix looks for it. `--clean` removes it.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const compiled = join(root, "helper/compiled");
const run = (command, ...args) => execFileSync(command, args, { cwd: root, encoding: "utf8" }).trim();

rmSync(compiled, { recursive: true, force: true });
if (!process.argv.includes("--clean")) {
  run("cp", "-R", run("nix-build", "--no-out-link", ".", "-A", "helper.compiled"), compiled);
  // What comes from the store can be written by nobody, and is to be removed.
  run("chmod", "-R", "u+w", compiled);
}
