import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { treeOf } from "../../testing/trees.ts";
import { exportScript, refuseFound } from "./export-script.ts";
import { Unpacker } from "./unpack.ts";

const folder = temporaryFolders();

/** Makes files with Python, packs them by the script, and unpacks what it wrote. */
function exported(python: string): { status: number | null; stderr: string; archive: Buffer; to: string } {
  const [from, to] = [folder(), folder()];
  execFileSync("python3", [
    "-c",
    `import os, socket; os.chdir("${from}"); os.mkdir("a b?"); os.chdir("a b?")\n${python}`,
  ]);
  const path = join(from, "a b?").slice(1);
  const { status, stderr, stdout } = spawnSync("sh", ["-c", exportScript([path])], { maxBuffer: 1 << 28 });
  const unpacker = new Unpacker({ [path]: join(to, "out") });
  if (status === 0) {
    unpacker.write(stdout);
    unpacker.end();
  }
  return { status, stderr: stderr.toString(), archive: stdout, to };
}

test("what is closed to its owner comes along, and a large file keeps its holes", () => {
  const { status, archive, to } = exported(`
os.mkdir("closed"); open("closed/f", "w").close(); os.chmod("closed/f", 0o011); os.chmod("closed", 0)
open("large", "wb").truncate(300 << 20)`);
  expect([status, archive.length < 100_000]).toEqual([0, true]);
  expect([...treeOf(to)].sort()).toEqual([
    ["out", "folder 755"],
    ["out/closed", "folder 700"],
    ["out/closed/f", "file 411 0 e3b0c44298fc1c14"],
    ["out/large", `file 644 ${300 << 20} unread`],
  ]);
});

test("a socket is told, where tar would leave it out", () => {
  const { status, stderr } = exported(`
open("large", "wb").truncate(300 << 20)
os.mkdir("d"); socket.socket(socket.AF_UNIX).bind("d/s s")`);
  expect(() => refuseFound(status ?? 0, stderr)).toThrow(/the output holds a socket: \/.*\/a b\?\/d\/s s$/);
  expect(() => refuseFound(2, "tar: no")).not.toThrow();
});
