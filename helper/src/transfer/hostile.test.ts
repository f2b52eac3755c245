/** Streams that no honest tar makes: refused by name, or unpacked exactly; nothing outside ever changes. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { base256, end, long, padded, pax, rawEntry, rawHeader, sparse } from "../../testing/tars.ts";
import { makeCage, treeOf } from "../../testing/trees.ts";
import { VoyagerError } from "../common/errors.ts";
import { TarReader } from "./tar-reader.ts";
import { Unpacker } from "./unpack.ts";

const folder = temporaryFolders();
const top = rawEntry({ name: "out/", type: "5" });
const file = (name: string, body = "x") => rawEntry({ name }, body);
const link = (name: string, to: string) => rawEntry({ name, type: "2", link: to });
const hardLink = (name: string, to: string) => rawEntry({ name, type: "1", link: to });
const directory = (name: string) => rawEntry({ name, type: "5" });

interface Outcome {
  error: VoyagerError | null;
  tree: Map<string, string>;
  out: string;
}

/** Unpacks in a cage, and checks that. @param isFolder whether the target is there, as outputs are */
function unpack(archive: Buffer, isFolder = true): Outcome {
  const cage = makeCage(folder());
  if (isFolder) fs.mkdirSync(cage.out);
  const unpacker = new Unpacker({ out: cage.out });
  let error: VoyagerError | null = null;
  try {
    unpacker.write(archive);
    unpacker.end();
  } catch (thrown) {
    if (!(thrown instanceof VoyagerError)) throw thrown;
    error = thrown;
  }
  cage.check();
  const isThere = fs.lstatSync(cage.out, { throwIfNoEntry: false })?.isDirectory();
  return { error, tree: isThere ? treeOf(cage.out) : new Map(), out: cage.out };
}

const wholeText = (error: VoyagerError | null) => `${error?.kind}: ${error?.what} ${error?.details.why}`;

/** Unpacks what must be accepted. */
function accepted(...parts: Buffer[]): Outcome {
  const outcome = unpack(Buffer.concat([top, ...parts, end]));
  expect(outcome.error?.render()).toBeUndefined();
  return outcome;
}

describe("a damaged or misleading header is refused, with its place", () => {
  test.each<[string, Buffer[], RegExp]>([
    ["a wrong checksum", [rawHeader({ checksum: "000001\0 " })], /checksum is wrong/],
    ["no checksum", [rawHeader({ checksum: "" })], /checksum is wrong/],
    ["a checksum that is no number", [rawHeader({ checksum: "-12345\0 " })], /no valid checksum/],
    ["a negative size", [rawHeader({ size: Buffer.alloc(12, 0xff) })], /no valid size/],
    ["a negative size in digits", [rawHeader({ size: "-0000000012" })], /no valid size/],
    ["a size beyond all bounds", [rawHeader({ size: base256(1n << 80n) })], /size beyond all bounds/],
    ["a size that just overflows", [rawHeader({ size: base256(1n << 53n) })], /size beyond all bounds/],
    ["a size in other digits", [rawHeader({ size: "00000000009" })], /no valid size/],
    ["a size with something behind it", [rawHeader({ size: "0000001\x000002" })], /no valid size/],
    ["a mode that is none", [rawHeader({ mode: "rwxr-x" })], /no valid mode/],
    ["an unknown type", [rawHeader({ type: "V" })], /unknown type 'V'/],
    ["a type that is no letter", [rawHeader({ type: "\x80" })], /unknown type 0x80/],
    ["a folder with content", [rawEntry({ name: "out/d", type: "5" }, "x")], /Directory has content/],
    ["a link with content", [rawEntry({ type: "2", link: "x" }, "x")], /SymbolicLink has content/],
    ["a link with content by extension", [pax([["size", "512"]]), link("out/l", "x")], /has content/],
    ["no name", [rawHeader({ name: "" })], /no path/],
    ["a link to nothing", [rawHeader({ type: "2" })], /link's target amiss/],
    ["a file with a target", [rawHeader({ link: "x" })], /link's target amiss/],
    ["a sparse file in POSIX's format", [rawHeader({ type: "S" })], /unknown type 'S'/],
    ["nothing that its extension is for", [pax([["path", "out/x"]])], /ends where an entry should come/],
  ])("%s", (_name, parts, why) => {
    const { error, tree } = unpack(Buffer.concat([top, file("out/before"), ...parts, end]));
    expect(wholeText(error)).toMatch(why);
    expect(wholeText(error)).toMatch(/^transfer: .*behind the entry out\//);
    expect([...tree.keys()]).toEqual(["before"]);
  });

  test.each<[string, string]>([
    ["longer than it is", "30 path=out/x\n"],
    ["shorter than it is", "9 path=out/x\n"],
    ["of no length", "0 path=out/x\n"],
    ["of negative length", "-1 path=out/x\n"],
    ["of a length in other digits", "1e1 path=out/x\n"],
    ["without a value", "8 path\n"],
    ["without a key", "5 =x\n"],
    ["without an end", "14 path=out/xxx"],
    ["with a zero byte in a name", "17 path=out/x\0yz\n"],
    ["with a size that is not one", "12 size=1e3\n"],
    ["with a negative size", "11 size=-1\n"],
    ["with a size beyond all bounds", "25 size=9999999999999999\n"],
    ["with holes in a newer format", "22 GNU.sparse.major=1\n"],
  ])("an extended header %s", (_name, records) => {
    const { error, tree } = unpack(Buffer.concat([top, pax(records), file("out/file"), end]));
    expect(wholeText(error)).toMatch(/^transfer: .*behind the entry out\//);
    expect([...tree.keys()]).toEqual([]);
  });

  test("a long name with a zero byte in it, and one that would fill the memory", () => {
    const split = Buffer.concat([top, long("out/a\0b"), file("out/x"), end]);
    expect(wholeText(unpack(split).error)).toMatch(/zero byte/);
    const huge = Buffer.concat([top, long("out/".padEnd(1024 * 1024 + 1, "x")), file("out/x"), end]);
    expect(wholeText(unpack(huge).error)).toMatch(/a header is too long/);
  });
});

describe("files with holes", () => {
  test("are unpacked with them: 10 GB take no room, and the parts are where they should be", () => {
    const size = 10 * 1024 ** 3;
    const stored = Buffer.concat([Buffer.from("begin"), Buffer.alloc(5000, "m"), Buffer.from("end")]);
    const parts: [number, number][] = [
      [0, 5],
      [4096 * 1000, 5000],
      [size - 3, 3],
    ];
    const { out } = accepted(sparse("out/big", size, parts, stored), file("out/after"));
    const stat = fs.statSync(join(out, "big"));
    expect([stat.size, stat.blocks * 512 < 1e6]).toEqual([size, true]);
    const descriptor = fs.openSync(join(out, "big"), "r");
    const at = (place: number, length: number) => {
      const data = Buffer.alloc(length);
      fs.readSync(descriptor, data, 0, length, place);
      return data.toString();
    };
    expect([at(0, 6), at(4096 * 1000 + 4998, 3), at(size - 4, 4)]).toEqual(["begin\0", "mm\0", "\0end"]);
    fs.closeSync(descriptor);
    expect(fs.readFileSync(join(out, "after"), "utf8")).toBe("x");
  });

  test("with more parts than a header has room for, in pieces of one byte", () => {
    const parts = Array.from({ length: 70 }, (_, index): [number, number] => [
      index * 1000,
      10 + (index % 3),
    ]);
    const archive = Buffer.concat([top, sparse("out/s", 100_000, parts), end]);
    const { out, error } = unpack(archive);
    expect(error).toBeNull();
    const slow = new Unpacker({ out: join(folder(), "slow") });
    for (const byte of archive) slow.write(Buffer.from([byte]));
    slow.end();
    const expected = Buffer.alloc(100_000);
    for (const [offset, length] of parts) expected.fill("x", offset, offset + length);
    expect(fs.readFileSync(join(out, "s")).equals(expected)).toBe(true);
  });

  test("that GNU tar made, as it reads them itself", () => {
    const from = folder();
    fs.mkdirSync(join(from, "out"));
    execFileSync(
      "python3",
      [
        "-c",
        `
f = open("out/s", "wb")
for n in range(40): f.seek(n * 100_000); f.write(b"%d" % n * 3000)
f.truncate(9_000_000)
open("out/hole", "wb").truncate(300 << 20)`,
      ],
      { cwd: from },
    );
    const archive = execFileSync("tar", ["-c", "--sparse", "out"], { cwd: from, maxBuffer: 1e8 });
    expect(archive.length).toBeLessThan(2_000_000);
    const { out, error } = unpack(archive);
    expect(error).toBeNull();
    expect(fs.readFileSync(join(out, "s")).equals(fs.readFileSync(join(from, "out/s")))).toBe(true);
    expect(fs.statSync(join(out, "hole"))).toMatchObject({ size: 300 << 20, blocks: 0 });
  });

  test.each<[string, [number, number][], number | bigint, RegExp]>([
    [
      "parts that overlap",
      [
        [0, 100],
        [50, 100],
      ],
      1000,
      /overlap or lie outside/,
    ],
    [
      "parts in the wrong order",
      [
        [500, 10],
        [0, 10],
      ],
      1000,
      /overlap or lie outside/,
    ],
    ["a part outside of the file", [[990, 11]], 1000, /overlap or lie outside/],
    ["a part at the end of all numbers", [[Number.MAX_SAFE_INTEGER, 1]], 1000, /overlap or lie outside/],
    ["8 EiB of nothing", [[0, 1]], 1n << 63n, /size beyond all bounds/],
    ["8 PiB of nothing", [[0, 1]], (1n << 53n) - 1n, /more than 64 GiB in holes: out\/s/],
  ])("refused: %s", (_name, parts, size, why) => {
    const { error, tree } = unpack(Buffer.concat([top, sparse("out/s", size, parts), end]));
    expect(wholeText(error)).toMatch(why);
    expect([...tree.keys()]).toEqual([]);
  });

  test("refused: less or more stored than the parts say, and many that are too much together", () => {
    const wrong = sparse("out/s", 1000, [[0, 10]], Buffer.alloc(11));
    expect(wholeText(unpack(Buffer.concat([top, wrong, end])).error)).toMatch(/other parts than it says/);
    const many = Array.from({ length: 9 }, (_, index) => sparse(`out/s${index}`, 8 * 1024 ** 3, [[0, 1]]));
    expect(wholeText(unpack(Buffer.concat([top, ...many, end])).error)).toMatch(/64 GiB in holes: out\/s8/);
  });
});

describe("a way out is refused by the entry's name", () => {
  const long200 = "l".repeat(200);
  test.each<[string, Buffer[], RegExp]>([
    ["'..' in pax", [pax([["path", "out/../victim"]]), file("out/x")], /out\/\.\.\/victim.*'\.\.'/],
    ["'..' in GNU's long name", [long("out/d/../../victim"), file("out/x")], /'\.\.' in its path/],
    ["'..' in a prefix", [rawEntry({ name: "victim", prefix: "out/.." })], /'\.\.' in its path/],
    ["an absolute prefix", [rawEntry({ name: "victim", prefix: "/" })], /outside of the outputs/],
    ["an absolute path in pax", [pax([["path", "/tmp/evil"]]), file("out/x")], /\/tmp\/evil.*outside/],
    ["a path for all entries", [pax([["path", "../victim"]], true), file("out/x")], /'\.\.' in its path/],
    ["a backward slash is no slash", [file("..\\victim")], /outside of the outputs/],
    ["a hard link out, by pax", [pax([["linkpath", "../victim"]]), hardLink("out/h", "out/x")], /'\.\.'/],
    ["a hard link out, by GNU", [long("/etc/passwd", "K"), hardLink("out/h", "x")], /outside of the outputs/],
    ["a hard link to what comes later", [hardLink("out/h", "out/f"), file("out/f")], /to no file/],
    ["a hard link to itself", [hardLink("out/h", "out/h")], /to no file/],
    ["a hard link to a folder", [directory("out/d"), hardLink("out/h", "out/d")], /to no file/],
    ["a hard link to the output", [hardLink("out/h", "out")], /to no file/],
    ["a hard link to a symlink", [link("out/l", "../victim"), hardLink("out/h", "out/l")], /to no file/],
    ["a hard link through a symlink", [link("out/l", ".."), hardLink("out/h", "out/l/victim")], /to no file/],
    ["a file through a symlink", [link("out/l", ".."), file("out/l/victim")], /or is a link/],
    ["a file through two", [link("out/a", ".."), link("out/b", "a/folder"), file("out/b/x")], /or is a link/],
    ["a folder through a symlink", [link("out/l", ".."), directory("out/l/new")], /or is a link/],
    [
      "a folder in the place of a symlink",
      [link("out/l", "../folder"), directory("out/l/")],
      /it comes twice/,
    ],
    ["a link below a file", [file("out/f"), link("out/f/l", "x")], /or is a link/],
    ["a symlink in the place of the output", [link("out", "..")], /it comes twice/],
    ["a FIFO", [rawEntry({ name: "out/p", type: "6" })], /holds a FIFO: .*out\/p/],
    ["a character device", [rawEntry({ name: "out/c", type: "3" })], /holds a device node: .*out\/c/],
    ["a block device", [rawEntry({ name: "out/b", type: "4" })], /holds a device node: .*out\/b/],
    ["setuid", [rawEntry({ name: "out/s", mode: 0o4755 })], /setuid or setgid file: .*out\/s/],
    ["setgid", [rawEntry({ name: "out/s", mode: 0o2755 })], /setuid or setgid file: .*out\/s/],
    ["setuid with holes", [sparseWithMode(0o4755)], /setuid or setgid file: .*out\/s/],
    ["256 bytes", [long(`out/${"n".repeat(256)}`), file("out/x")], /nnn.*too long/],
    ["a target of 5000 bytes", [long("t".repeat(5000), "K"), link("out/l", "x")], /out\/l.*too long/],
    [
      "a path of 4000 bytes",
      [long(`out${`/${long200}`.repeat(20)}`), file("out/x")],
      /more than 3500 bytes: out\/l/,
    ],
  ])("%s", (_name, parts, why) => {
    const { error, tree } = unpack(Buffer.concat([top, ...parts, file("out/later"), end]));
    expect(wholeText(error)).toMatch(why);
    expect(error?.kind).toBe("output");
    expect(tree.has("later")).toBe(false);
  });

  test("where the target is not there yet, a link in its place leads nowhere", () => {
    // As with a build whose result is one file, and with the build folder for `voyager shell`.
    const archive = Buffer.concat([link("out", "folder"), directory("out/"), file("out/evil"), end]);
    const { error } = unpack(archive, false);
    expect(wholeText(error)).toMatch(/it comes twice/);
    const hard = Buffer.concat([link("out", "victim"), hardLink("out/h", "out"), end]);
    expect(wholeText(unpack(hard, false).error)).toMatch(/or is a link/);
  });

  test("an entry that comes again as something else", () => {
    const kinds = {
      file: file("out/e"),
      folder: directory("out/e/"),
      link: link("out/e", "../victim"),
      hardLink: hardLink("out/e", "out/first"),
    };
    for (const [one, first] of Object.entries(kinds)) {
      for (const [other, second] of Object.entries(kinds)) {
        const archive = Buffer.concat([top, file("out/first"), first, second, end]);
        const text = wholeText(unpack(archive).error);
        if (one === "folder" && other === "folder") expect(text).toBe("undefined: undefined undefined");
        else
          expect([one, other, text]).toEqual([
            one,
            other,
            expect.stringMatching(/out\/e\/?.*it comes twice/),
          ]);
      }
    }
  });
});

function sparseWithMode(mode: number): Buffer {
  return rawEntry({ name: "out/s", type: "S", gnu: true, mode });
}

test("a name cannot pretend to be another line of the log", () => {
  const name = `out/\n@nix {"action":"msg"}\x1b[2J`;
  const { error } = unpack(Buffer.concat([top, rawEntry({ name, type: "6" }), end]));
  expect(error?.what).toMatch(/out\/\\x0a@nix .*\\x1b\[2J$/);
});

describe("unpacked exactly", () => {
  const odd: [string, Buffer][] = [
    ["a newline", Buffer.from("two\nlines")],
    ["not UTF-8", Buffer.from([0xe4, 0xff, 0x80])],
    ["a replacement character that is one", Buffer.from("\ufffd")],
    ["255 bytes", Buffer.from(`${"é".repeat(127)}x`)],
    ["control characters", Buffer.from("\x01\x1b[2J\x7f")],
    ["dots", Buffer.from("...")],
    ["spaces", Buffer.from(" a ")],
    ["a backward slash", Buffer.from("..\\..")],
  ];

  test.each(odd)("names and targets: %s", (_name, name) => {
    const path = Buffer.concat([Buffer.from("out/"), name]);
    const { tree: byPax } = accepted(
      pax([["path", path]]),
      file("out/x"),
      pax([["linkpath", name]]),
      link("out/link", "y"),
    );
    const text = name.toString("latin1");
    expect([byPax.get(text), byPax.get("link")]).toEqual([
      expect.stringMatching(/^file 644 1 /),
      `link ${text}`,
    ]);
    const { tree: byGnu } = accepted(long(path), file("out/x"), long(name, "K"), link("out/link", "y"));
    expect(byGnu).toEqual(byPax);
  });

  test("names that differ in case only", () => {
    const { tree } = accepted(file("out/README", "1"), file("out/readme", "22"), file("out/ReadMe", "333"));
    expect([...tree.values()].map((what) => what.split(" ")[2]).sort()).toEqual(["1", "2", "3"]);
  });

  test("modes without sticky bits, and without rights of others", () => {
    const { tree } = accepted(
      rawEntry({ name: "out/f", mode: 0o1777 }),
      rawEntry({ name: "out/d", type: "5", mode: 0o7777 }),
    );
    expect([tree.get("f")?.slice(0, 8), tree.get("d")]).toEqual(["file 755", "folder 755"]);
  });

  test("links that lead out stay what they are, and are not followed", () => {
    const { tree } = accepted(link("out/a", "/etc/passwd"), link("out/b", "../victim"), hardLinkPair());
    expect([tree.get("a"), tree.get("b")]).toEqual(["link /etc/passwd", "link ../victim"]);
  });

  test("a path in a prefix, and one whose size is in GNU's way", () => {
    const { out } = accepted(
      directory("out/d/"),
      rawEntry({ name: "f", prefix: "out/d", size: base256(3n) }, "abc"),
    );
    expect(fs.readFileSync(join(out, "d/f"), "utf8")).toBe("abc");
  });

  test("a tree of 1,700 folders, and one more than a path can name", () => {
    const parts: Buffer[] = [];
    for (let depth = 1; depth <= 1700; depth++)
      parts.push(long(`out${"/d".repeat(depth)}/`), directory("out/x"));
    const { tree } = accepted(...parts);
    expect(tree.size).toBe(1700);
    parts.push(
      ...[1701, 1800, 2000].flatMap((depth) => [long(`out${"/d".repeat(depth)}/`), directory("out/x")]),
    );
    const { error } = unpack(Buffer.concat([top, ...parts, end]));
    expect(wholeText(error)).toMatch(/its folder did not come before|more than 3500 bytes/);
  });

  test("what follows the end is not looked at", () => {
    const { error, tree } = unpack(Buffer.concat([top, end, file("../victim"), Buffer.from("garbage")]));
    expect([error, tree.size]).toEqual([null, 0]);
  });
});

function hardLinkPair(): Buffer {
  return Buffer.concat([file("out/f"), hardLink("out/h", "out/f")]);
}

test("an archive that is cut at any byte is told to be, and leaves nothing outside", () => {
  const archive = Buffer.concat([
    top,
    pax([["path", "out/from pax"]]),
    file("out/x", "content"),
    sparse(
      "out/s",
      5000,
      Array.from({ length: 6 }, (_, index) => [index * 500, 1]),
    ),
    link("out/l", ".."),
    end,
  ]);
  const out = join(folder(), "out");
  let isWhole = 0;
  for (let length = 0; length <= archive.length; length++) {
    // The reader alone at every byte; files only at some, as they take their time.
    const reader = new TarReader(() => null);
    reader.write(archive.subarray(0, length));
    expect(reader.isComplete).toBe(length === archive.length);
    if (length % 61 > 0 && length < archive.length) continue;
    fs.rmSync(out, { recursive: true, force: true });
    const unpacker = new Unpacker({ out });
    unpacker.write(archive.subarray(0, length));
    try {
      unpacker.end();
      isWhole++;
    } catch (error) {
      expect(error).toMatchObject({ name: "VoyagerError", what: "the output stream ended early" });
    }
  }
  expect(isWhole).toBe(1);
  expect(fs.readdirSync(join(out, ".."))).toEqual(["out"]);
});

test("many files in one folder take memory for none of them", () => {
  const count = Number(process.env.VOYAGER_TEST_FILES ?? 10_000);
  const out = join(folder(), "out");
  const unpacker = new Unpacker({ out });
  unpacker.write(top);
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  const pieces: Buffer[] = [];
  for (let number = 0; number < count; number++) {
    pieces.push(rawHeader({ name: `out/file-${number}`, size: 1 }), padded(Buffer.from("x")));
    if (pieces.length < 500 && number < count - 1) continue;
    unpacker.write(Buffer.concat(pieces.splice(0)));
  }
  unpacker.write(end);
  unpacker.end();
  const grown = (process.memoryUsage().heapUsed - before) / 1e6;
  expect(fs.readdirSync(out).length).toBe(count);
  expect(grown).toBeLessThan(30);
});
