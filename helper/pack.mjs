// Run by `npm pack`, before and after (see package.json): has Nix compile the helper, and puts it with the lock
// file, which npm never packs, where helper/nix/released.nix looks for them. `--clean` removes both.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const compiled = join(root, "helper/compiled");
const nix = (command, ...args) => execFileSync(command, args, { cwd: root, encoding: "utf8" }).trim();

rmSync(compiled, { recursive: true, force: true });
if (!process.argv.includes("--clean")) {
  const platform = JSON.parse(nix("nix-instantiate", "--eval", "--json", "-E", "builtins.currentSystem"));
  const bundle = nix("nix-build", "--no-out-link", ".", "-A", "helper.bundle");
  const folder = join(compiled, platform, "lib");
  mkdirSync(folder, { recursive: true });
  cpSync(join(bundle, "lib"), folder, { recursive: true });
  // What comes from the store can be written by nobody, and is to be removed.
  for (const name of [".", ...readdirSync(folder)])
    chmodSync(join(folder, name), name === "." ? 0o755 : 0o644);
  copyFileSync(join(root, "package-lock.json"), join(compiled, "lock.json"));
}
