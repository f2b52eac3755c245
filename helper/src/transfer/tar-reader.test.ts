import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { Header, Pax } from "tar";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { randomPieces, seeded } from "../../testing/random.ts";
import { type Entry, TarReader } from "./tar-reader.ts";

const folder = temporaryFolders();

/** Reads an archive, in pieces of at most this length. */
function read(archive: Buffer, longest = archive.length) {
  const entries: (Omit<Entry, "path" | "linkpath"> & { path: string; linkpath: string; body: string })[] = [];
  const reader = new TarReader((entry) => {
    const read = { ...entry, path: entry.path.toString(), linkpath: entry.linkpath.toString(), body: "" };
    entries.push(read);
    return {
      write: (data) => {
        read.body += data.toString("latin1");
      },
      end: () => {
        read.body += "|";
      },
    };
  });
  for (const piece of randomPieces(archive, longest, seeded(7))) reader.write(piece);
  return { entries, isComplete: reader.isComplete };
}

test.each(["gnu", "pax", "ustar"])("what GNU tar writes in its format %s, however it is cut", (format) => {
  const from = folder();
  const names = ["short", "größe", "d/".repeat(40) + "x".repeat(60)];
  if (format !== "ustar") names.push("l".repeat(200), `${"deep/".repeat(60)}end`);
  for (const name of names) {
    fs.mkdirSync(join(from, name, ".."), { recursive: true });
    fs.writeFileSync(join(from, name), `${name.length}`);
  }
  const target = "t".repeat(format === "ustar" ? 99 : 300);
  fs.symlinkSync(target, join(from, "link"));
  fs.linkSync(join(from, "short"), join(from, "zz-hard"));
  const all = fs.readdirSync(from).sort();
  const archive = execFileSync("tar", [`--format=${format}`, "-c", "-C", from, ...all], { maxBuffer: 1e8 });
  for (const longest of [1, 700, archive.length]) {
    const { entries, isComplete } = read(archive, longest);
    expect(isComplete).toBe(true);
    const files = entries.filter(({ type }) => type === "File").map(({ path, body }) => [path, body]);
    const links = entries.filter(({ type }) => type === "Link");
    expect(files.sort()).toEqual(names.map((name) => [name, `${name.length}|`]).sort());
    expect(links).toMatchObject([{ path: "zz-hard", linkpath: "short" }]);
    expect(entries.find(({ path }) => path === "link")).toMatchObject({ linkpath: target });
  }
});

function header(data: ConstructorParameters<typeof Header>[0]): Buffer {
  const made = new Header(data);
  made.encode();
  return made.block as Buffer;
}

test("an extension holds for one entry, a global one for all", () => {
  const file = header({ path: "short", type: "File", size: 0 });
  const end = Buffer.alloc(1024);
  const extended = new Pax({ path: "from the extension" }).encode();
  const { entries } = read(Buffer.concat([extended, file, file, end]));
  expect(entries.map(({ path }) => path)).toEqual(["from the extension", "short"]);
  const global = new Pax({ linkpath: "to" }, true).encode();
  const link = header({ path: "link", type: "SymbolicLink", linkpath: "x", size: 0 });
  expect(read(Buffer.concat([global, link, link, end])).entries.map(({ linkpath }) => linkpath)).toEqual([
    "to",
    "to",
  ]);
});

describe("refused", () => {
  const wrongSum = header({ path: "a", type: "File", size: 0 });
  wrongSum[0] = 98;
  const cases: [string, Buffer, RegExp][] = [
    ["a wrong checksum", wrongSum, /checksum/],
    ["no path", header({ path: "", type: "File", size: 0 }), /no path/],
    ["a link without a target", header({ path: "a", type: "SymbolicLink", size: 0 }), /target/],
    ["a file with a target", header({ path: "a", type: "File", linkpath: "b", size: 0 }), /target/],
    [
      "an extension that would fill the memory",
      header({ path: "a", type: "ExtendedHeader", size: 2 ** 30 }),
      /too long/,
    ],
  ];
  test.each(cases)("%s", async (_name, archive, message) => {
    expect((await thrownBy(() => read(archive))).message).toMatch(message);
  });
});

test("what comes after the end is not looked at; one empty block is no end", () => {
  const file = header({ path: "a", type: "File", size: 0 });
  const empty = Buffer.alloc(512);
  expect(read(Buffer.concat([file, empty])).isComplete).toBe(false);
  expect(read(Buffer.concat([empty, file, empty, empty, file])).entries).toHaveLength(1);
});
