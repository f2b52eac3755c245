import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../../testing/folders.ts";
import { makeLocked } from "../../../testing/locks.ts";
import { type FetchablePackage, prefetchedName } from "./lock-file.ts";
import { PackageWriter } from "./packages.ts";

const folder = temporaryFolders();

function packageOf(name: string, content: string): FetchablePackage {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return makeLocked({ name, size: content.length, sha256 }) as FetchablePackage;
}

const packages = [packageOf("a", "first"), packageOf("b", "the second"), packageOf("c", "3")];
const stream = Buffer.from("firstthe second3");

/** Writes the stream in pieces of this size. */
function write(writer: PackageWriter, data: Buffer, size: number): void {
  for (let start = 0; start < data.length; start += size) writer.write(data.subarray(start, start + size));
}

test.each([1, 3, 5, 100])("files are told apart by their sizes, in pieces of %d bytes", (size) => {
  const target = folder();
  const writer = new PackageWriter(packages, target);
  write(writer, stream, size);
  writer.end(0);
  writer.close();
  expect(readdirSync(target).sort()).toEqual(packages.map(prefetchedName).sort());
  expect(readFileSync(join(target, prefetchedName(packages[1] as FetchablePackage)), "utf8")).toBe(
    "the second",
  );
});

test.each([
  ["ends early", "firstthe sec", 0, "only 1 of 3 came whole"],
  ["fails at its end", "firstthe second3", 1, "only 3 of 3 came whole (status 1)"],
  ["has too much", "firstthe second3!", 0, "more came than"],
  ["has another file", "firstthe SECOND3", 0, "b 12 is not the file that the lock names"],
])("a stream that %s fails, and leaves no file that is not whole", (_how, data, status, message) => {
  const target = folder();
  const writer = new PackageWriter(packages, target);
  write(writer, Buffer.from(data), 4);
  expect(() => {
    try {
      writer.end(status);
    } catch (error) {
      throw new Error((error as { details: { why: string } }).details.why);
    } finally {
      writer.close();
    }
  }).toThrow(message);
  for (const name of readdirSync(target)) {
    const one = packages.find((each) => prefetchedName(each) === name);
    const hash = createHash("sha256")
      .update(readFileSync(join(target, name)))
      .digest("hex");
    expect(hash).toBe(one?.sha256);
  }
});
