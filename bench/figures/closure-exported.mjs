/** What it takes from the script's end until a large output is complete on the host. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { makeClosure } from "../closure.mjs";
import { run, shellLine } from "../command.mjs";
import { copyingOut } from "../copying.mjs";
import { makeDisk } from "../disk.mjs";
import { imageOf } from "../engine.mjs";
import { exporting, expression } from "../exported.mjs";
import { describe } from "../nix.mjs";

export const closureExported = {
  name: "closure-exported",
  title: "an output of 135 MB in 9,500 files exported, against cp -a of it",
  how: "The script's last line to the helper's end, less the same for an output of one file, without the audit; without Nix's own hashing, which every derivation pays. All is written to one file system of the bench's own, and stays until all is measured: ext4 is slow for who writes after others have deleted.",
  claims: [
    { ours: "bind", peer: "copy", target: 0.2 },
    { ours: "stream", peer: "copy", target: 2 },
  ],

  async prepare(temporary) {
    const large = await makeClosure(temporary);
    const { spec } = await describe(expression);
    const disk = await makeDisk(temporary, "closure-exported");
    const exported = await exporting(disk, `cp -r ${large.path} $out/copy`, { closure: [large] });
    const copy = async () => {
      const target = mkdtempSync(join(disk, "copy-"));
      return (await run(["cp", "-a", large.path, join(target, "copy")])).seconds;
    };
    return {
      sides: {
        bind: { label: "bound", command: 'transfer = "bind"', run: () => exported("bind") },
        stream: { label: "streamed", command: 'transfer = "stream"', run: () => exported("stream") },
        copy: { label: "cp -a", command: shellLine(["cp", "-a", large.path, "COPY"]), run: copy },
        ...(await copyingOut(await imageOf(spec), large.path, disk)),
      },
    };
  },
};
