/** What it takes from a script's end until its output is complete on the host, and what memory. */
import { runHelper } from "./helper.mjs";
import { describe, helperCommand } from "./nix.mjs";

/** The build that is measured, but for what its script writes. */
export const expression = `mkDockerBuild {
  pname = "bench-export"; version = "1"; system = systems.debian12;
  buildScript = "echo done >$out/done; echo bench: written";
}`;

/**
 * Runs builds of a script and of one that writes a single small file.
 *
 * @param {string} temporary folder for the builds
 * @param {string} writing what the script does
 * @param {{ closure?: { path: string, narSize: number }[], keep?: boolean }} [options] what it reads, and whether
 *   outputs stay until all is measured: see runHelper
 * @returns {Promise<(transfer: string) => Promise<{ seconds: number, memory: number }>>} one run: how much longer
 *   from the script's last line to the helper's end, and the helper's peak memory
 */
export async function exporting(temporary, writing, { closure = [], keep = true } = {}) {
  const { spec, closure: own } = await describe(expression);
  const command = await helperCommand();
  const whole = [...own.map((path) => ({ path, narSize: 0 })), ...closure];
  const exported = async (transfer, buildScript) => {
    // The audit reads all that was written, whichever way it came: it has figures of its own.
    const chosen = { ...spec, transfer, buildScript, linkage: null };
    const { written, end, memory } = await runHelper(command, temporary, chosen, whole, { keep });
    return { seconds: end - written, memory };
  };
  return async (transfer) => {
    const without = await exported(transfer, spec.buildScript);
    const large = await exported(transfer, `${writing}; ${spec.buildScript}`);
    return { seconds: large.seconds - without.seconds, memory: large.memory };
  };
}
