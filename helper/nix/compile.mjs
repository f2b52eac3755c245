// Builder of the helper, see ../default.nix: lays out the files of source.nix and runs ../bundle.mjs, which
// finds the others beside it. Usage: compile.mjs SOURCE FOLDER NODE_MODULES.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const [node, , source, ...args] = process.argv;
const root = join(process.env.NIX_BUILD_TOP, "source");
const whole = readFileSync(source);
for (let at = 0; at < whole.length; ) {
  const line = whole.indexOf("\n", at);
  const [path, length] = whole.toString("utf8", at, line).split(" ");
  at = line + 1 + Number(length);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), whole.subarray(line + 1, at));
}
const bundler = join(root, "helper/bundle.mjs");
process.argv = [node, bundler, ...args];
await import(bundler);
