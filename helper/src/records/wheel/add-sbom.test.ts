import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { temporaryFolders } from "../../../testing/folders.ts";
import { thrownBy } from "../../../testing/logs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { addSbomToWheel } from "./add-sbom.ts";
import { addToRecord, hashesOf } from "./record-file.ts";

const folder = temporaryFolders();
const distInfo = "tool-1.0.dist-info";
const digest = (data: string) => createHash("sha256").update(data).digest("base64url");
const code = "print('hello')\n".repeat(100);
const record = `tool.py,sha256=${digest(code)},${code.length}\n"a,b.txt",sha256=${digest("ab")},2\n${distInfo}/RECORD,,\n`;
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const members: Record<string, string> = {
  "tool.py": code,
  "a,b.txt": "ab",
  [`${distInfo}/METADATA`]: "Name: tool\nVersion: 1.0\n",
  [`${distInfo}/RECORD`]: record,
};

function zip(files: Record<string, string>): Buffer {
  const options = { mtime: new Date(1980, 0, 1), os: 3, attrs: 0o100644 << 16 };
  const input: Zippable = {};
  for (const [name, content] of Object.entries(files)) input[name] = [text(content), options];
  return Buffer.from(zipSync(input));
}

function wheelOf(data: Buffer): string {
  const file = join(folder(), "tool-1.0-py3-none-any.whl");
  writeFileSync(file, data);
  return file;
}

const sbom = '{"bomFormat":"CycloneDX"}';
const add = (file: string) => addSbomToWheel(file, () => sbom);
const contents = (file: string) =>
  Object.fromEntries(
    Object.entries(unzipSync(readFileSync(file))).map(([name, data]) => [name, Buffer.from(data).toString()]),
  );

test("the SBOM is there, RECORD says so, and the rest is as it was", async () => {
  const file = wheelOf(zip(members));
  chmodSync(file, 0o640);
  expect(await add(file)).toEqual({ added: true });
  const { [`${distInfo}/RECORD`]: written = "", ...rest } = contents(file);
  const { [`${distInfo}/RECORD`]: _record, ...before } = members;
  expect(rest).toEqual({ ...before, [`${distInfo}/sboms/nix-voyager.cdx.json`]: sbom });
  expect(written).toBe(
    record.replace(
      `${distInfo}/RECORD,,`,
      `${distInfo}/sboms/nix-voyager.cdx.json,sha256=${digest(sbom)},${sbom.length}\n${distInfo}/RECORD,,`,
    ),
  );
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(join(file, ".."))).toHaveLength(1);
});

test("records of other members are copied byte by byte", async () => {
  const before = zip(members);
  const file = wheelOf(before);
  await add(file);
  // RECORD is last: all before it must be the same.
  const place = before.indexOf(`${distInfo}/RECORD`) - 30;
  expect(readFileSync(file).subarray(0, place).equals(before.subarray(0, place))).toBe(true);
});

test("RECORD in the middle moves to the end, and the directory keeps its order", async () => {
  const { "tool.py": last = "", ...others } = members;
  const file = wheelOf(zip({ ...others, "tool.py": last }));
  await add(file);
  const names = Object.keys(contents(file));
  expect(names.at(-1)).toBe("tool.py");
  expect(contents(file)["tool.py"]).toBe(code);
  expect(names.indexOf(`${distInfo}/sboms/nix-voyager.cdx.json`)).toBe(
    names.indexOf(`${distInfo}/RECORD`) - 1,
  );
});

test("added again it is replaced, and the bytes are the same", async () => {
  const file = wheelOf(zip(members));
  await addSbomToWheel(file, () => "another");
  await add(file);
  const twice = readFileSync(file);
  await add(file);
  expect(readFileSync(file).equals(twice)).toBe(true);
  expect(contents(file)[`${distInfo}/RECORD`]?.match(/sboms/g)).toHaveLength(1);
});

test("what the wheel says of itself reaches the SBOM", async () => {
  const seen: unknown[] = [];
  await addSbomToWheel(wheelOf(zip(members)), ({ name, version, hashes }) => {
    seen.push(name, version, [...hashes.keys()]);
    return sbom;
  });
  expect(seen).toEqual(["tool", "1.0", ["tool.py", "a,b.txt"]]);
});

test("a signed wheel is left alone", async () => {
  const data = zip({ ...members, [`${distInfo}/RECORD.jws`]: "{}" });
  const file = wheelOf(data);
  expect(await add(file)).toEqual({ added: false, why: "it is signed (RECORD.jws)" });
  expect(readFileSync(file).equals(data)).toBe(true);
});

/** The wheel with some of its bytes changed, `offset` bytes from where `find` is first. */
function patched(find: string | number[], offset: number, bytes: number[]): Buffer {
  const data = zip(members);
  const at = data.indexOf(typeof find === "string" ? find : Buffer.from(find));
  if (at < 0) throw new Error("the test does not find its place");
  Buffer.from(bytes).copy(data, at + offset);
  return data;
}
const central = [0x50, 0x4b, 1, 2];
const ending = [0x50, 0x4b, 5, 6];

/** A wheel with bytes put in front of its central directory, and the offset of that made right. */
function withHidden(hidden: Buffer): Buffer {
  const data = zip(members);
  const at = data.indexOf(Buffer.from(central));
  const whole = Buffer.concat([data.subarray(0, at), hidden, data.subarray(at)]);
  whole.writeUInt32LE(at + hidden.length, whole.length - 22 + 16);
  return whole;
}

const zip64Ending = Buffer.concat([
  Buffer.from([0x50, 0x4b, 6, 6]),
  Buffer.alloc(52),
  Buffer.from([0x50, 0x4b, 6, 7]),
  Buffer.alloc(16),
]);
function zip64(): Buffer {
  const data = zip(members);
  const at = data.length - 22;
  const end = Buffer.from(zip64Ending);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(Object.keys(members).length), 24);
  end.writeBigUInt64LE(BigInt(Object.keys(members).length), 32);
  end.writeBigUInt64LE(BigInt(data.indexOf(Buffer.from(central))), 48);
  end.writeBigUInt64LE(BigInt(at), 56 + 8);
  return Buffer.concat([data.subarray(0, at), end, data.subarray(at)]);
}

test.each<[string, () => Buffer, RegExp]>([
  ["no zip file", () => Buffer.from("hello"), /not a zip file|not found/i],
  ["an empty file", () => Buffer.alloc(0), /not a zip file|not found/i],
  ["cut off", () => zip(members).subarray(0, -30), /not a zip file|not found/i],
  ["no dist-info", () => zip({ "a.py": "a" }), /no \.dist-info/],
  [
    "two dist-infos",
    () => zip({ ...members, "b-1.dist-info/RECORD": "" }),
    /several: b-1\.dist-info, tool-1/,
  ],
  ["no RECORD", () => zip({ "a.py": "a", [`${distInfo}/METADATA`]: "" }), /no tool-1\.0\.dist-info\/RECORD/],
  ["a dist-info without a version", () => zip({ "tool.dist-info/RECORD": "" }), /name and a version/],
  ["a path that leads out", () => zip({ ...members, "../evil": "" }), /relative path/],
  ["an absolute path", () => zip({ ...members, "/evil": "" }), /absolute path/],
  [
    "one name twice",
    () => {
      const data = zip({ ...members, "tool.pz": "" });
      for (let at = data.indexOf("tool.pz"); at >= 0; at = data.indexOf("tool.pz", at))
        data.write("tool.py", at);
      return data;
    },
    /two members 'tool\.py'/,
  ],
  ["another name in the record", () => patched("tool.py", 6, [0x7a]), /differ/],
  ["another CRC in the record", () => patched([0x50, 0x4b, 3, 4], 14, [1, 2, 3, 4]), /differ/],
  ["a record elsewhere", () => patched(central, 42, [7]), /does not begin with a member|not where it should/],
  ["a size that is wrong", () => patched(central, 20, [1]), /hidden, or overlaps/],
  ["a directory that is longer", () => patched(ending, 10, [3, 0]), /central directory is not as long/],
  ["data between members and directory", () => withHidden(Buffer.from("secret")), /hidden, or overlaps/],
  ["bytes after the end", () => Buffer.concat([zip(members), Buffer.from("x")]), /comment length/i],
  ["zip64", zip64, /central directory is not as long/],
  ["a RECORD that is damaged", () => patched(`${distInfo}/RECORD`, 40, [0, 0]), /RECORD is damaged|invalid/],
])("refused, and left as it was: %s", async (_, make, why) => {
  const data = make();
  const file = wheelOf(data);
  const error = await thrownBy<VoyagerError>(add(file));
  expect(error.kind).toBe("output");
  expect(error.what).toContain("tool-1.0-py3-none-any.whl");
  expect(error.details.why).toMatch(why);
  expect(readFileSync(file).equals(data)).toBe(true);
  expect(readdirSync(join(file, ".."))).toHaveLength(1);
});

test("a RECORD that claims to be small and unpacks to much is bounded", async () => {
  const huge = zip({ ...members, [`${distInfo}/RECORD`]: "0".repeat(5_000_000) });
  // The directory's and the record's own word of the unpacked size become a lie.
  const size = Buffer.alloc(4);
  size.writeUInt32LE(5_000_000);
  for (let at = huge.indexOf(size); at >= 0; at = huge.indexOf(size, at)) huge.writeUInt32LE(100, at);
  const error = await thrownBy<VoyagerError>(add(wheelOf(huge)));
  expect(error.kind).toBe("output");
});

test("when the SBOM cannot be made, the wheel stays", async () => {
  const data = zip(members);
  const file = wheelOf(data);
  const failing = () => {
    throw new Error("no");
  };
  expect((await thrownBy(addSbomToWheel(file, failing))).message).toBe("no");
  expect(readFileSync(file).equals(data)).toBe(true);
});

test("data descriptors are kept", async () => {
  // What Python's zipfile writes to a pipe: bit 3, sizes after the data.
  const data = zip({ ...members });
  const first = data.subarray(0, data.indexOf("a,b.txt") - 30);
  const crcAndSizes = Buffer.from(first.subarray(14, 26));
  const described = Buffer.concat([first, Buffer.from([0x50, 0x4b, 7, 8]), crcAndSizes]);
  described.writeUInt16LE(8, 6);
  described.fill(0, 14, 26);
  const whole = Buffer.concat([described, data.subarray(first.length)]);
  const directory = whole.indexOf(Buffer.from(central));
  whole.writeUInt16LE(8, directory + 8);
  for (let at = directory, index = 0; index < 4; index++) {
    if (index > 0) whole.writeUInt32LE(whole.readUInt32LE(at + 42) + 16, at + 42);
    at += 46 + whole.readUInt16LE(at + 28) + whole.readUInt16LE(at + 30) + whole.readUInt16LE(at + 32);
  }
  whole.writeUInt32LE(directory, whole.length - 22 + 16);
  const file = wheelOf(whole);
  expect(await add(file)).toEqual({ added: true });
  expect(readFileSync(file).subarray(0, described.length).equals(described)).toBe(true);
  expect(contents(file)["tool.py"]).toBe(code);
});

describe("RECORD", () => {
  test("keeps its line ends, and gets a line of its own if it had none", () => {
    const added = addToRecord("a,sha256=x,1\r\n", "d/RECORD", "d/s", text("s"));
    expect(added).toBe(`a,sha256=x,1\r\nd/s,sha256=${digest("s")},1\r\nd/RECORD,,\r\n`);
  });

  test("a path with a comma is quoted", () => {
    expect(addToRecord("", "d/RECORD", 'd,"e/s', text(""))).toContain('"d,""e/s",sha256=');
  });

  test("hashes other than SHA-256, and lines that are none, are not taken for one", () => {
    expect([...hashesOf(`a,md5=x,1\n,,,\nb,sha256=AAAA,1\n"c""d",sha256=${digest("")},0\n`).keys()]).toEqual([
      'c"d',
    ]);
  });
});
