import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { storedXz } from "./xz.ts";

/** What the reference implementation makes of it. */
function unpacked(file: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync("xz", ["--decompress", "--stdout", "--format=xz"], {
    input: file,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

test.each([0, 1, 2, 3, 4, 127, 128, 65_535, 65_536, 65_537, 131_072, 3_000_001])(
  "%d bytes are what xz unpacks",
  (size) => {
    const data = randomBytes(size);
    expect(unpacked(storedXz(data)).equals(data)).toBe(true);
  },
);

test("a byte that was changed is noticed", () => {
  const file = storedXz(Buffer.from("some data that is stored"));
  const at = file.indexOf("data");
  file[at] = 0x44;
  expect(spawnSync("xz", ["--test"], { input: file }).status).toBe(1);
});
