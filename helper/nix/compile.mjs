// Builder of the helper, see ../default.nix: lays out the paths of source.nix and runs ../bundle.mjs, which finds
// the others beside it. Usage: compile.mjs FOLDER NODE_MODULES, where `source` is JSON: place → path of the store.
import { cpSync } from "node:fs";
import { join } from "node:path";

const [node, , ...args] = process.argv;
const root = join(process.env.NIX_BUILD_TOP, "source");
// As copies: Node calls a module by its file's own name, and esbuild by that where it lies.
for (const [place, path] of Object.entries(JSON.parse(process.env.source))) {
  cpSync(path, join(root, place), { recursive: true });
}
const bundler = join(root, "helper/bundle.mjs");
process.argv = [node, bundler, ...args];
await import(bundler);
