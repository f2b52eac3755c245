import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "./errors.ts";
import { replaceFile } from "./replace-file.ts";

const folder = temporaryFolders();

test("written, and left alone when it says that already", () => {
  const here = folder();
  const file = join(here, "file");
  replaceFile(file, "one\n");
  const before = statSync(file).ino;
  replaceFile(file, "one\n");
  expect(statSync(file).ino).toBe(before);
  replaceFile(file, "two\n");
  expect([readFileSync(file, "utf8"), readdirSync(here)]).toEqual(["two\n", ["file"]]);
});

test("a place where nothing can be written", async () => {
  const error = await thrownBy<VoyagerError>(() => replaceFile(join(folder(), "no/file"), "x"));
  expect(error).toMatchObject({ kind: "usage", what: expect.stringMatching(/^cannot write .*no\/file$/) });
});
