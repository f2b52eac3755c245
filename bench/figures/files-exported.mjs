/** Very many small files on their way out of the container. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import { makeDisk } from "../disk.mjs";
import { exporting } from "../exported.mjs";

const folders = 100;
const filesPerFolder = 1000;

/** The same tree by a script of the build. */
const script = [
  `for folder in $(seq ${folders}); do mkdir -p $out/$folder`,
  `for file in $(seq ${filesPerFolder}); do echo $file >$out/$folder/$file; done; done`,
].join("; ");

export const filesExported = {
  name: "files-exported",
  title: "100,000 small files exported, against cp -a of them",
  how: "The script's last line to the helper's end, less the same for an output of one file, without the audit. All is written to one file system of the bench's own, and stays until all is measured.",
  atMost: 3,
  claims: [
    { ours: "stream", peer: "copy", target: 4 },
    { kind: "memory", ours: "stream", target: 250e6 },
  ],

  async prepare(temporary) {
    const tree = join(temporary, "many-files");
    for (let folder = 1; folder <= folders; folder++) {
      mkdirSync(join(tree, `${folder}`), { recursive: true });
      for (let file = 1; file <= filesPerFolder; file++) {
        writeFileSync(join(tree, `${folder}`, `${file}`), `${file}\n`);
      }
    }
    const disk = await makeDisk(temporary, "files-exported");
    const exported = await exporting(disk, script);
    const copy = async () => {
      const target = mkdtempSync(join(disk, "copy-"));
      return (await run(["cp", "-a", tree, join(target, "copy")])).seconds;
    };
    return {
      sides: {
        bind: { label: "bound", command: 'transfer = "bind"', run: () => exported("bind") },
        stream: { label: "streamed", command: 'transfer = "stream"', run: () => exported("stream") },
        copy: { label: "cp -a", command: shellLine(["cp", "-a", tree, "COPY"]), run: copy },
      },
    };
  },
};
