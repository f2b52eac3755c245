import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { removeTree } from "./remove-tree.ts";

const folder = temporaryFolders();

test("what is not there, a file, and a link, not what it leads to", () => {
  const top = folder();
  removeTree(join(top, "nothing"));
  fs.mkdirSync(join(top, "kept"));
  fs.writeFileSync(join(top, "kept/file"), "x");
  fs.symlinkSync("kept", join(top, "link"));
  fs.writeFileSync(join(top, "file"), "x");
  removeTree(join(top, "link"));
  removeTree(join(top, "file"));
  expect(fs.readdirSync(top)).toEqual(["kept"]);
  expect(fs.readdirSync(join(top, "kept"))).toEqual(["file"]);
});

test("closed folders, names that are no text, links out, and trees deeper than a path is long", () => {
  const top = folder();
  fs.writeFileSync(join(top, "outside"), "x");
  execFileSync(
    "python3",
    [
      "-c",
      `
import os
os.mkdir("tree"); os.chdir("tree")
os.mkdir(b"\\xff\\xfe"); open(b"\\xff\\xfe/\\n\\x80", "w").close(); os.symlink("../outside", "link"); os.mkfifo("pipe")
os.mkdir("closed"); open("closed/file", "w").close(); os.chmod("closed", 0)
for n in range(3000): os.mkdir("ddd"); open("f", "w").close(); os.chdir("ddd")
os.mkdir("x" * 255); os.chmod("x" * 255, 0)`,
    ],
    { cwd: top },
  );
  removeTree(join(top, "tree"));
  expect(fs.readdirSync(top)).toEqual(["outside"]);
});
