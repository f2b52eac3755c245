/** What it takes from the script's end until a large output is complete on the host. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeClosure } from "../closure.mjs";
import { run, shellLine } from "../command.mjs";
import { runHelper } from "../helper.mjs";
import { describe, helperCommand } from "../nix.mjs";

const expression = `mkDockerBuild {
  pname = "bench-export"; version = "1"; system = systems.debian12;
  buildScript = "echo done >$out/done; echo bench: written";
}`;

export const closureExported = {
  name: "closure-exported",
  title: "an output of 135 MB in 9,500 files exported, against cp -a of it",
  how: "The script's last line to the helper's end, less the same for an output of one file; without Nix's own hashing, which every derivation pays.",
  claims: [
    { ours: "bind", peer: "copy", target: 0.2 },
    { ours: "stream", peer: "copy", target: 2 },
  ],

  async prepare(temporary) {
    const { spec, closure: own } = await describe(expression);
    const large = await makeClosure(temporary);
    const command = await helperCommand();
    const closure = [...own.map((path) => ({ path, narSize: 0 })), large];
    const copying = `cp -r ${large.path} $out/copy; ${spec.buildScript}`;

    const difference = (transfer) => async () => {
      const exported = async (buildScript) => {
        const { written, end } = await runHelper(
          command,
          temporary,
          { ...spec, transfer, buildScript },
          closure,
        );
        return end - written;
      };
      const without = await exported(spec.buildScript);
      return (await exported(copying)) - without;
    };
    const copy = async () => {
      const target = mkdtempSync(join(temporary, "copy-"));
      const { seconds } = await run(["cp", "-a", large.path, join(target, "copy")]);
      rmSync(target, { recursive: true, force: true });
      return seconds;
    };
    return {
      sides: {
        bind: { label: "bound", command: 'transfer = "bind"', run: difference("bind") },
        stream: { label: "streamed", command: 'transfer = "stream"', run: difference("stream") },
        copy: { label: "cp -a", command: shellLine(["cp", "-a", large.path, "COPY"]), run: copy },
      },
    };
  },
};
