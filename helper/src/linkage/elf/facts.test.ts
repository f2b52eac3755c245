import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, withFile } from "./bytes.ts";
import { readElf } from "./facts.ts";
import { undefinedSymbols } from "./symbols.ts";

const libraries = "/usr/lib/x86_64-linux-gnu";
const zlib = join(libraries, "libz.so.1");

const readelf = (options: string[], files: string[]) =>
  execFileSync("readelf", [...options, ...files], {
    encoding: "utf8",
    maxBuffer: 1e9,
    stdio: ["ignore", "pipe", "ignore"],
  });

/** Regular ELF files of the machine's libraries, a few hundred at most. */
function someLibraries(): string[] {
  return readdirSync(libraries)
    .filter((name) => /\.so(\.|$)/.test(name))
    .map((name) => join(libraries, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).readUInt32BE(0) === 0x7f454c46)
    .slice(0, 40);
}

test("all libraries of the machine say what readelf says that they say", () => {
  const files = [...someLibraries(), "/bin/bash", process.execPath];
  const text = readelf(["-W", "-d", "-n", "-V"], files);
  for (const part of text.split(/^File: /m).slice(1)) {
    const path = part.slice(0, part.indexOf("\n"));
    const facts = withFile(path, readElf);
    const dynamic = (name: string) =>
      [...part.matchAll(new RegExp(`\\(${name}\\).*\\[(.*)\\]`, "g"))].map((one) => one[1]);
    expect([path, facts.needed]).toEqual([path, dynamic("NEEDED")]);
    expect([path, facts.soname]).toEqual([path, dynamic("SONAME")[0] ?? null]);
    expect([path, facts.runpath.join(":")]).toEqual([path, dynamic("RUNPATH")[0] ?? ""]);
    expect([path, facts.buildId]).toEqual([path, /Build ID: ([0-9a-f]+)/.exec(part)?.[1] ?? null]);
    const versions: Record<string, string[]> = {};
    let soname = "";
    for (const line of (part.split("Version needs section")[1] ?? "").split("\n")) {
      soname = / File: (\S+)/.exec(line)?.[1] ?? soname;
      const version = / Name: (\S+)/.exec(line)?.[1];
      if (version) versions[soname] = [...(versions[soname] ?? []), version].sort();
    }
    expect([path, facts.versionsNeeded]).toEqual([path, versions]);
  }
  expect(files.length).toBeGreaterThan(20);
});

test.each([zlib, join(libraries, "libstdc++.so.6"), "/bin/bash"])(
  "the symbols that %s takes are those of readelf",
  (path) => {
    const lines = readelf(["-W", "--dyn-syms"], [path]).split("\n");
    const expected = lines.flatMap((line) => / UND (\S+)/.exec(line)?.[1] ?? []).sort();
    const found = withFile(path, undefinedSymbols);
    const names = found.map(({ name, version }) => (version ? `${name}@${version}` : name)).sort();
    expect(names).toEqual(expected.map((name) => name.replace(/@@/, "@")));
    expect(found.find(({ name }) => name === "free" || name === "malloc")?.soname).toBe("libc.so.6");
  },
);

test.each([
  [process.execPath, "executable"],
  ["/bin/bash", "executable"],
  [zlib, "library"],
  [join(libraries, "libc.so.6"), "library"],
])("%s is an %s", (path, type) => {
  expect(withFile(path, readElf)).toMatchObject({ type, class: 64, machine: "x86_64", dynamic: true });
});

test("what is no ELF file is refused", () => {
  expect(() => readElf(bytesOf(Buffer.from("#!/bin/sh\necho not an ELF file")))).toThrow("it is no ELF file");
  expect(() => readElf(bytesOf(Buffer.from("\x7fELF")))).toThrow(RangeError);
});

test("a file cut anywhere is an error, never a wrong answer", () => {
  const whole = readFileSync(zlib);
  const right = readElf(bytesOf(whole));
  let errors = 0;
  for (let size = 0; size < whole.length; size += 397) {
    try {
      expect(readElf(bytesOf(whole.subarray(0, size)))).toEqual(right);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      errors++;
    }
  }
  expect(errors).toBeGreaterThan(100);
});

test("whatever byte is changed, reading ends at once, with an answer or a RangeError", () => {
  const whole = readFileSync(zlib);
  // Where the tables are: the beginning, and what the dynamic section speaks of.
  const places = [...Array(0x1800).keys()].concat(
    [...Array(2000).keys()].map((n) => whole.length - 4000 + n),
  );
  const start = performance.now();
  for (const [turn, place] of places.entries()) {
    const changed = Buffer.from(whole);
    changed[place] = turn % 3 === 0 ? 0xff : turn % 3 === 1 ? 0 : (changed[place] ?? 0) ^ 0x80;
    for (const read of [readElf, undefinedSymbols]) {
      try {
        read(bytesOf(changed));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    if (turn % 40 !== 0) continue;
    expect(performance.now() - start).toBeLessThan(60_000);
  }
});

/** An ELF file of one load segment that begins with the file, and a dynamic section with these entries. */
function makeElf(entries: [number, number][], text = "\0libc.so.6\0"): Buffer {
  const file = Buffer.alloc(64 + 2 * 56 + entries.length * 16 + 64 + text.length);
  file.write("\x7fELF\x02\x01\x01", 0, "latin1");
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, offset: number, size: number) => {
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(offset), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  };
  const dynamic = 64 + 2 * 56;
  const all: [number, number][] = [...entries, [5, dynamic + entries.length * 16 + 48], [10, text.length]];
  segment(64, 1, 0, file.length);
  segment(64 + 56, 2, dynamic, (all.length + 1) * 16);
  for (const [index, [tag, value]] of all.entries()) {
    file.writeBigUInt64LE(BigInt(tag), dynamic + index * 16);
    file.writeBigUInt64LE(BigInt(value), dynamic + index * 16 + 8);
  }
  file.write(text, dynamic + entries.length * 16 + 48, "latin1");
  return file;
}

describe("hostile files", () => {
  test("the made-up file is a good one", () => {
    expect(readElf(bytesOf(makeElf([[1, 1]])))).toMatchObject({ needed: ["libc.so.6"], type: "library" });
  });

  test.each([
    ["100,000 libraries", makeElf(Array(100_000).fill([1, 1])), /^its dynamic section has no end$/],
    ["5,000 libraries", makeElf(Array(5_000).fill([1, 1])), /^it needs 5000 libraries; no real file does$/],
    ["a name outside of the table", makeElf([[1, 500]]), /^a name lies outside of the string table$/],
    ["a name without an end", makeElf([[1, 1]], `\0${"x".repeat(5000)}`).subarray(0, 1500), /truncated/],
    ["a name longer than any", makeElf([[1, 1]], `\0${"x".repeat(5000)}\0`), /^a text in it has no end$/],
  ])("%s", (_, file, message) => {
    const start = performance.now();
    expect(() => readElf(bytesOf(file))).toThrow(message);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
