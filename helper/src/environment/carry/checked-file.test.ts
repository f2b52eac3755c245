import { renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../../testing/folders.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { CheckedFile } from "./checked-file.ts";

const folder = temporaryFolders();
const content = Buffer.alloc(2_500_000, "0123456789");

/** Reads a file, does something to it, and reads it again: both contents, the second as far as it came. */
async function readTwice(before: Buffer, meanwhile: (path: string) => void) {
  const path = join(folder(), "file");
  writeFileSync(path, before);
  const file = await CheckedFile.open(path);
  const [first, again]: [Buffer[], Buffer[]] = [[], []];
  try {
    for await (const piece of file.first()) first.push(piece);
    meanwhile(path);
    const reading = async () => {
      for await (const piece of file.again()) again.push(piece);
    };
    const error = await reading().then(
      () => null,
      (thrown: Error) => thrown.message,
    );
    return { first: Buffer.concat(first), again: Buffer.concat(again), error, isChanged: file.isChanged };
  } finally {
    await file.close();
  }
}

test.each([0, 1, 1024 * 1024, 1024 * 1024 + 1, content.length])("%d bytes, twice", async (size) => {
  const bytes = content.subarray(0, size);
  const { first, again, error } = await readTwice(bytes, () => {});
  expect({ error, first: first.equals(bytes), again: again.equals(bytes) }).toEqual({
    error: null,
    first: true,
    again: true,
  });
});

test.each<[string, (path: string) => void, number]>([
  ["a byte", (path) => writeFileSync(path, "X", { flag: "r+" }), 0],
  ["its end is gone", (path) => truncateSync(path, 2 * 1024 * 1024), 2 * 1024 * 1024],
  ["all of it is gone", (path) => truncateSync(path, 0), 0],
  ["something behind it", (path) => writeFileSync(path, "X", { flag: "a" }), 2 * 1024 * 1024],
])("changed meanwhile: %s; nothing of what is new is passed on", async (_name, change, passed) => {
  const { again, error, isChanged } = await readTwice(content, change);
  expect({ error, isChanged }).toEqual({ error: "it was changed while it was read", isChanged: true });
  expect(again.equals(content.subarray(0, passed))).toBe(true);
});

test("another file under its name is not looked at", async () => {
  const { again, error } = await readTwice(content, (path) => {
    writeFileSync(`${path}.new`, "other");
    renameSync(`${path}.new`, path);
  });
  expect({ error, same: again.equals(content) }).toEqual({ error: null, same: true });
});

test("a file that is not there", async () => {
  expect((await thrownBy<Error>(CheckedFile.open(join(folder(), "none")))).message).toContain("ENOENT");
});
