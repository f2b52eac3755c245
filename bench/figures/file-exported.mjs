/** One large file on its way out of the container. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import { copyingOut } from "../copying.mjs";
import { imageOf } from "../engine.mjs";
import { exporting, expression } from "../exported.mjs";
import { describe } from "../nix.mjs";

const size = 1_000_000_000;

export const fileExported = {
  name: "file-exported",
  title: "one file of 1 GB exported by streaming, against cp of it",
  how: "The script's last line to the helper's end, less the same for an output of one small file, without the audit.",
  claims: [
    { ours: "stream", peer: "copy", target: 2 },
    { kind: "memory", ours: "stream", target: 150e6 },
  ],

  async prepare(temporary) {
    const file = join(temporary, "large-file");
    await run(["sh", "-c", `head -c ${size} /dev/urandom >'${file}'`]);
    const { spec } = await describe(expression);
    const exported = await exporting(temporary, `head -c ${size} /dev/urandom >$out/file`, { keep: false });
    const copied = ["cp", file, `${file}.copy`];
    const copy = async () => {
      const { seconds } = await run(copied);
      rmSync(`${file}.copy`);
      return seconds;
    };
    return {
      sides: {
        stream: { label: "streamed", command: 'transfer = "stream"', run: () => exported("stream") },
        copy: { label: "cp", command: shellLine(copied), run: copy },
        ...(await copyingOut(await imageOf(spec), file, temporary, { keep: false })),
      },
    };
  },
};
