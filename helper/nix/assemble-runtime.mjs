// Builder of the embedded runtime, see runtime.nix. Copies, so that the runtime refers to nothing.
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";

// Not NIX_ATTRS_JSON_FILE: Nix 2.8 sets it to a path that exists only outside the sandbox.
const { libraries, node, outputs } = JSON.parse(
  readFileSync(`${process.env.NIX_BUILD_TOP}/.attrs.json`, "utf8"),
);

mkdirSync(`${outputs.out}/bin`, { recursive: true });
mkdirSync(`${outputs.out}/lib`);
copyFileSync(node, `${outputs.out}/bin/node`);
for (const folder of libraries) {
  for (const name of readdirSync(folder)) {
    copyFileSync(`${folder}/${name}`, `${outputs.out}/lib/${name}`);
  }
}
