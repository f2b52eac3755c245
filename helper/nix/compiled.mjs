// Builder of what a release brings, see ../default.nix.
import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";

// Not NIX_ATTRS_JSON_FILE: Nix 2.8 sets it to a path that exists only outside the sandbox.
const { bundle, closure, lock, outputs, platform } = JSON.parse(
  readFileSync(`${process.env.NIX_BUILD_TOP}/.attrs.json`, "utf8"),
);

cpSync(bundle, `${outputs.out}/${platform}`, { recursive: true });
copyFileSync(lock, `${outputs.out}/lock.json`);
const { narHash } = closure.find(({ path }) => path === bundle);
writeFileSync(`${outputs.out}/${platform}.hash`, narHash);
