import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { librariesOf, readelf } from "../../../testing/elf-files.ts";
import { temporaryFolders } from "../../../testing/folders.ts";
import { type ElfFacts, readElf } from "./facts.ts";
import { bytesOf, ElfError, withFile } from "./bytes.ts";
import { undefinedSymbols } from "./symbols.ts";

const folder = temporaryFolders();
const libz = "/usr/lib/x86_64-linux-gnu/libz.so.1";

const read = (path: string) => withFile(path, readElf);

/** Compiles; the result's path. */
function compile(source: string, ...flags: string[]): string {
  const where = folder();
  writeFileSync(join(where, "x.c"), source);
  execFileSync("gcc", [join(where, "x.c"), "-o", join(where, "x"), ...flags], { stdio: "pipe" });
  return join(where, "x");
}

/** Only what readelf is asked for. */
function comparable({ needed, soname, rpath, runpath, interpreter, buildId, versionsNeeded }: ElfFacts) {
  return { needed, soname, rpath, runpath, interpreter, buildId, versionsNeeded: { ...versionsNeeded } };
}

test("the system's libraries and programs say what readelf says", () => {
  // A tenth, as readelf is slow; every one of them when asked.
  const step = process.env.VOYAGER_TEST_EVERY_LIBRARY ? 1 : 10;
  const libraries = librariesOf("/usr/lib/x86_64-linux-gnu").filter((_, index) => index % step === 0);
  const files = [...libraries, "/usr/bin/bash", "/usr/bin/perl"];
  const expected = readelf(files);
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    expect({ file, ...comparable(read(file)) }).toEqual({ file, ...expected.get(file) });
  }
});

test("what is no ELF file is refused", () => {
  expect(() => readElf(bytesOf(Buffer.from("#!/bin/sh\necho not an ELF file")))).toThrow("it is no ELF file");
  expect(() => readElf(bytesOf(Buffer.from("\x7fELF")))).toThrow(ElfError);
});

test("types are told apart, a program that is position-independent from a library", () => {
  const main = "int main(void) { return 0; }";
  const type = (...flags: string[]) => read(compile(main, ...flags)).type;
  expect(type("-pie", "-fPIE")).toBe("executable");
  expect(type("-no-pie")).toBe("executable");
  expect(type("-static-pie", "-fPIE")).toBe("executable");
  expect(type("-shared", "-fPIC")).toBe("library");
  expect(type("-c")).toBe("relocatable");
  expect(read("/usr/lib/x86_64-linux-gnu/libc.so.6")).toMatchObject({
    type: "library",
    soname: "libc.so.6",
    interpreter: expect.stringContaining("ld-linux"),
  });
  expect(read(compile(main, "-static"))).toMatchObject({ type: "executable", dynamic: false, needed: [] });
});

test("RPATH and RUNPATH are told apart, with all of their folders", () => {
  const source = "int f(void) { return 0; }";
  const old = compile(source, "-shared", "-fPIC", "-Wl,--disable-new-dtags,-rpath,/a:$ORIGIN/../b");
  expect(read(old)).toMatchObject({
    rpath: ["/a", "$ORIGIN/../b"],
    runpath: [],
    class: 64,
    machine: "x86_64",
  });
  const young = compile(
    source,
    "-shared",
    "-fPIC",
    "-Wl,--enable-new-dtags,-rpath,/a",
    "-Wl,-soname,libx.so.1",
  );
  expect(read(young)).toMatchObject({ rpath: [], runpath: ["/a"], soname: "libx.so.1" });
});

test("notes of what may be loaded at run time are read, malformed ones are not", () => {
  const note = (json: string) => `
    __asm__(".pushsection .note.dlopen,\\"a\\",%note\\n.balign 4\\n.long 4, 2f-1f, 0x407c0c0a\\n"
            ".asciz \\"FDO\\"\\n1: .asciz \\"${json.replaceAll('"', '\\\\\\"')}\\"\\n2: .balign 4\\n.popsection");
    int f(void) { return 0; }`;
  const good = '[{"soname":["libbpf.so.1","libbpf.so.0"],"feature":"bpf","priority":"suggested"}]';
  const file = compile(note(good), "-shared", "-fPIC");
  expect(read(file).dlopen).toEqual([
    { sonames: ["libbpf.so.1", "libbpf.so.0"], feature: "bpf", description: null, priority: "suggested" },
  ]);
  expect(read(file).buildId).toMatch(/^[0-9a-f]{40}$/);
  expect(read(compile(note('[{"soname":7}]'), "-shared", "-fPIC")).dlopen).toEqual([]);
});

test("a file with debug information only is not taken for one that needs nothing it can be asked for", () => {
  const file = compile("int f(void) { return 0; }", "-g", "-shared", "-fPIC");
  execFileSync("objcopy", ["--only-keep-debug", file, `${file}.debug`]);
  expect(read(`${file}.debug`)).toMatchObject({ dynamic: false, needed: [], buildId: read(file).buildId });
});

test("files without section headers say the same, symbols too", () => {
  const source = readFileSync(libz);
  const bare = Buffer.from(source);
  bare.fill(0, 40, 48);
  bare.fill(0, 58, 64);
  expect(readElf(bytesOf(bare))).toEqual(readElf(bytesOf(source)));
  expect(undefinedSymbols(bytesOf(bare))).toEqual(undefinedSymbols(bytesOf(source)));
});

test("symbols that a file takes from others have the library and version that nm says", () => {
  for (const file of [libz, "/usr/bin/bash", process.execPath]) {
    const ours = undefinedSymbols(bytesOf(readFileSync(file)))
      .map(({ name, version }) => (version ? `${name}@${version}` : name))
      .sort();
    const text = execFileSync("nm", ["-D", "--undefined-only", file], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    const theirs = text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[1] ?? "");
    expect(ours).toEqual(theirs.map((name) => name.replace("@@", "@")).sort());
  }
  const symbols = undefinedSymbols(bytesOf(readFileSync(libz)));
  expect(symbols).toContainEqual({ name: "memcpy", version: "GLIBC_2.14", soname: "libc.so.6" });
});

/** Fails on any exception but ours, and on a wrong answer that it took too long to give. */
function survives(data: Buffer): boolean {
  const before = performance.now();
  let right = true;
  for (const action of [readElf, undefinedSymbols]) {
    try {
      action(bytesOf(data));
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      right = false;
    }
  }
  expect(performance.now() - before).toBeLessThan(2000);
  return right;
}

test("a file cut anywhere is an error or the right answer", () => {
  const whole = readFileSync(libz);
  const right = readElf(bytesOf(whole));
  let errors = 0;
  for (let size = 0; size < whole.length; size += size < 1000 ? 1 : 997) {
    const cut = bytesOf(whole.subarray(0, size));
    try {
      expect(readElf(cut)).toEqual(right);
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      errors++;
    }
    survives(whole.subarray(0, size));
  }
  expect(errors).toBeGreaterThan(1000);
});

test("bytes that are changed anywhere are an error or an answer, soon", () => {
  const whole = readFileSync(libz);
  let seed = 1;
  const random = (most: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % most;
  };
  let errors = 0;
  for (let round = 0; round < 4000; round++) {
    const data = Buffer.from(whole);
    // Headers and tables are at both ends.
    const at = round % 2 ? random(12_000) : data.length - 1 - random(12_000);
    data[at] = random(256);
    data[random(1024)] = [0, 0xff, 0x7f, random(256)][round % 4] ?? 0;
    if (!survives(data)) errors++;
  }
  expect(errors).toBeGreaterThan(100);
});

/** A 64-bit library by hand: `change` gets its dynamic entries. */
function handMade(change: (entries: [number, number][]) => void, strings = "\0libx.so\0"): Buffer {
  const entries: [number, number][] = [
    [5, 0x80],
    [10, strings.length],
  ];
  change(entries);
  entries.push([0, 0]);
  const dynamicAt = 0x100 + Math.ceil(strings.length / 16) * 16;
  const data = Buffer.alloc(dynamicAt + entries.length * 16);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(data);
  data.writeUInt16LE(3, 16);
  data.writeUInt16LE(62, 18);
  data.writeUInt32LE(64, 32);
  data.writeUInt16LE(56, 54);
  data.writeUInt16LE(2, 56);
  for (const [index, [type, at, size]] of [
    [1, 0, data.length] as const,
    [2, dynamicAt, entries.length * 16] as const,
  ].entries()) {
    const place = 64 + index * 56;
    data.writeUInt32LE(type, place);
    for (const field of [8, 16]) data.writeUInt32LE(at, place + field);
    for (const field of [32, 40]) data.writeUInt32LE(size, place + field);
  }
  data.write(strings, 0xc0, "latin1");
  for (const [index, [tag, value]] of entries.entries()) {
    data.writeUInt32LE(tag, dynamicAt + index * 16);
    data.writeUInt32LE(tag === 5 ? value + 0x40 : value, dynamicAt + index * 16 + 8);
  }
  return data;
}
const add = (count: number, tag: number, value: number) => (entries: [number, number][]) => {
  for (let index = 0; index < count; index++) entries.push([tag, value]);
};

test("1,000 libraries are read, more are refused, soon", () => {
  expect(readElf(bytesOf(handMade(add(1000, 1, 1)))).needed).toHaveLength(1000);
  const before = performance.now();
  expect(() => readElf(bytesOf(handMade(add(100_000, 1, 1))))).toThrow("more than 1000 NEEDED entries");
  expect(() => readElf(bytesOf(handMade(add(100_000, 0x70000000, 1))))).toThrow("more than 65536 entries");
  expect(performance.now() - before).toBeLessThan(1000);
});

test("of names, what leaves the string table, has no end or is no text is found", () => {
  const read = (data: Buffer) => readElf(bytesOf(data));
  expect(() => read(handMade(add(1, 1, 5000)))).toThrow("a name lies outside of the string table");
  expect(() => read(handMade(add(1, 1, 1), "\0libx.so"))).toThrow("a name has no end");
  expect(() => read(handMade(add(1, 10, 1 << 30), "\0libx.so"))).not.toThrow();
  expect(() => read(handMade((entries) => entries.push([10, 1 << 30], [1, 1])))).toThrow(
    "does not end within its segment",
  );
  expect(() => read(handMade(add(1, 1, 1), `\0${"x".repeat(1 << 20)}\0`))).toThrow(
    "a name is longer than 65536",
  );
  expect(read(handMade(add(1, 1, 1), "\0lib\xff\x1b[31m\\.so\0")).needed).toEqual([
    "lib\\xff\\x1b[31m\\\\.so",
  ]);
});

test("program headers that are too many, or contradict each other, are refused", () => {
  const many = handMade(add(0, 0, 0));
  many.writeUInt16LE(0xffff, 56);
  expect(() => readElf(bytesOf(many))).toThrow("the file has 65535 program headers");
  const moved = handMade(add(0, 0, 0));
  moved.writeUInt32LE(0x40, 64 + 56 + 8);
  expect(() => readElf(bytesOf(moved))).toThrow("address and offset contradict each other");
});

test("a chain of needed versions that never ends is refused", () => {
  const data = handMade((entries) => entries.push([0x6ffffffe, 0xe0], [0x6fffffff, 1000]), "\0".repeat(64));
  // Each link leads to the next byte but one, and the last out of the segment.
  for (let at = 0xe0; at + 16 < data.length; at += 16) data.writeUInt32LE(1, at + 12);
  expect(() => readElf(bytesOf(data))).toThrow(ElfError);
  const wide = handMade((entries) => entries.push([0x6ffffffe, 0xe0], [0x6fffffff, 5000]), "\0".repeat(64));
  expect(() => readElf(bytesOf(wide))).toThrow("needs versions of 5000 libraries");
});
