import { spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { realPathsFunction, quoteWord } from "./shell.ts";

const folder = temporaryFolders();

test.each(["", "plain", "two words", "it's", "''", "$(id) `id` \\", "-n", "new\nline", "*", "é"])(
  "%p comes back as it was",
  (word) => {
    const script = `printf %s ${quoteWord(word)}`;
    expect(spawnSync("sh", ["-c", script], { encoding: "utf8" }).stdout).toBe(word);
  },
);

test("real paths, in order, however many and however named", () => {
  const root = realpathSync(folder());
  mkdirSync(join(root, "it's & \\1 a $(folder)"));
  symlinkSync("it's & \\1 a $(folder)", join(root, "link"));
  symlinkSync("/nowhere/at/all", join(root, "broken"));
  const asked = ["link/x", "broken", "a/../b", "it's & \\1 a $(folder)"].map((path) => `${root}/${path}`);
  const many = Array.from({ length: 1200 }, (_, index) => `/number/${index}`);
  const { stdout } = spawnSync("sh", ["-c", `${realPathsFunction}\nreal_paths`], {
    encoding: "utf8",
    input: [...asked, ...many, ""].join("\n"),
  });
  const inside = join(root, "it's & \\1 a $(folder)");
  expect(stdout.split("\n")).toEqual([`${inside}/x`, "/nowhere/at/all", `${root}/b`, inside, ...many, ""]);
});
