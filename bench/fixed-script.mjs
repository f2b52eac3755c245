/**
 * A build whose script takes 2 s whatever the machine does, so that the ratio shows what is added
 * to it; it reads its source and writes 200 files.
 */
import { root } from "./nix.mjs";

const buildScript = [
  "cat * >$out/source",
  "mkdir $out/files",
  'for number in {1..200}; do echo "$number" >$out/files/$number; done',
  "sleep 2",
].join("\n");

/**
 * @param {"auto" | "stream"} transfer
 * @returns {string} Nix expression
 */
export function fixedScript(transfer) {
  return `mkDockerBuild {
    pname = "bench-script"; version = "1"; system = systems.debian12; transfer = "${transfer}";
    src = ${root}/examples/c-program/source;
    buildScript = ''\n${buildScript.replaceAll("''", "'''")}\n'';
  }`;
}
