import * as fs from "node:fs";
import { join } from "node:path";
import { Parser } from "tar";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { randomPieces, seeded } from "../../testing/random.ts";
import { readWhole } from "../engine/docker/connection.ts";
import { pack, writeFiles } from "./pack.ts";
import { Unpacker } from "./unpack.ts";

const folder = temporaryFolders();

/** Packs a folder "tree" and unpacks it elsewhere. Returns where. */
async function roundTrip(
  from: string,
  cut: (chunk: Buffer) => Buffer[] = (chunk) => [chunk],
): Promise<string> {
  const to = join(folder(), "out");
  const unpacker = new Unpacker({ tree: to });
  for await (const chunk of pack(from, ["tree"])) for (const piece of cut(chunk)) unpacker.write(piece);
  unpacker.end();
  return to;
}

/** A tree that is made by `fill`. */
function tree(fill: (tree: string) => void): string {
  const from = folder();
  fs.mkdirSync(join(from, "tree"));
  fill(join(from, "tree"));
  return from;
}

const modeOf = (path: string) => (fs.lstatSync(path).mode & 0o7777).toString(8);

test("files, folders, links", async () => {
  const from = tree((path) => {
    fs.mkdirSync(join(path, "empty"));
    fs.mkdirSync(join(path, "bin"));
    fs.writeFileSync(join(path, "bin/tool"), "#!/bin/sh\n", { mode: 0o755 });
    fs.writeFileSync(join(path, "nothing"), "");
    fs.linkSync(join(path, "bin/tool"), join(path, "bin/same"));
    fs.symlinkSync("bin/tool", join(path, "link"));
    fs.symlinkSync("/nowhere/at all", join(path, "dangling"));
    fs.symlinkSync(".", join(path, "loop"));
  });
  const to = await roundTrip(from);
  expect(fs.readdirSync(to).sort()).toEqual(["bin", "dangling", "empty", "link", "loop", "nothing"]);
  expect(fs.readdirSync(join(to, "empty"))).toEqual([]);
  expect(fs.readFileSync(join(to, "bin/tool"), "utf8")).toBe("#!/bin/sh\n");
  expect(fs.readFileSync(join(to, "nothing"), "utf8")).toBe("");
  expect(fs.statSync(join(to, "bin/same")).ino).toBe(fs.statSync(join(to, "bin/tool")).ino);
  expect(fs.readlinkSync(join(to, "link"))).toBe("bin/tool");
  expect(fs.readlinkSync(join(to, "dangling"))).toBe("/nowhere/at all");
  expect(fs.readlinkSync(join(to, "loop"))).toBe(".");
});

test("links are followed where that is asked for, under the links' names", async () => {
  const from = tree((path) => {
    fs.writeFileSync(join(path, "file"), "content");
    fs.symlinkSync(join(path, "file"), join(path, "link"));
  });
  const to = join(folder(), "out");
  const unpacker = new Unpacker({ tree: to });
  for await (const chunk of pack(from, ["tree"], true)) unpacker.write(chunk);
  unpacker.end();
  expect(fs.lstatSync(join(to, "link")).isFile()).toBe(true);
  expect(fs.readFileSync(join(to, "link"), "utf8")).toBe("content");
});

test("hard links all over the tree, as in an optimised store", async () => {
  for (let round = 0; round < 20; round++) {
    const from = tree((path) => {
      fs.writeFileSync(join(path, "z"), "shared");
      for (let count = 0; count < 15; count++) {
        fs.mkdirSync(join(path, `${count}`));
        fs.writeFileSync(join(path, `${count}/own`), "own");
        fs.linkSync(join(path, "z"), join(path, `${count}/shared`));
        fs.linkSync(join(path, "z"), join(path, `link-${count}`));
      }
    });
    const to = await roundTrip(from);
    expect(fs.statSync(join(to, "z")).nlink).toBe(31);
    expect(fs.readFileSync(join(to, "7/shared"), "utf8")).toBe("shared");
  }
});

test("modes, also of folders that are read-only; nobody else may write", async () => {
  const from = tree((path) => {
    fs.mkdirSync(join(path, "closed"));
    fs.writeFileSync(join(path, "closed/file"), "x");
    fs.chmodSync(join(path, "closed/file"), 0o444);
    fs.chmodSync(join(path, "closed"), 0o555);
    fs.writeFileSync(join(path, "open"), "x");
    fs.chmodSync(join(path, "open"), 0o666);
  });
  const to = await roundTrip(from);
  expect(modeOf(join(to, "closed"))).toBe("555");
  expect(modeOf(join(to, "closed/file"))).toBe("444");
  expect(modeOf(join(to, "open"))).toBe("644");
});

test("names: long, deep, not ASCII, with newlines and quotes", async () => {
  const names = [
    "a".repeat(255),
    "größe-ファイル-🚀",
    "two\nlines",
    "a 'b' \"c\"",
    "-rf",
    "back\\slash",
    "é".repeat(127),
  ];
  const deep = join(..."abcdefghij".split("").map((letter) => letter.repeat(200)));
  const from = tree((path) => {
    for (const name of names) fs.writeFileSync(join(path, name), name);
    fs.mkdirSync(join(path, deep), { recursive: true });
    fs.writeFileSync(join(path, deep, "bottom"), "deep");
    fs.symlinkSync("x".repeat(300), join(path, "long-link"));
  });
  const to = await roundTrip(from);
  for (const name of names) expect(fs.readFileSync(join(to, name), "utf8")).toBe(name);
  expect(fs.readFileSync(join(to, deep, "bottom"), "utf8")).toBe("deep");
  expect(fs.readlinkSync(join(to, "long-link"))).toBe("x".repeat(300));
});

test("any content, in chunks of any size", async () => {
  const random = seeded(3);
  const content = Buffer.from(Array.from({ length: 5000 }, () => Math.floor(random() * 256)));
  const from = tree((path) => {
    for (const size of [1, 511, 512, 513, 1024, 5000]) {
      fs.writeFileSync(join(path, `${size}`), content.subarray(0, size));
    }
  });
  for (const longest of [1, 100, 5000]) {
    const to = await roundTrip(from, (chunk) => randomPieces(chunk, longest, random));
    for (const size of [1, 511, 512, 513, 1024, 5000]) {
      expect(fs.readFileSync(join(to, `${size}`)).equals(content.subarray(0, size))).toBe(true);
    }
  }
});

test("a file larger than memory should hold passes in constant memory", async () => {
  const megabytes = 200;
  const from = tree((path) => fs.truncateSync(sparse(join(path, "big")), megabytes * 1024 * 1024));
  const before = process.memoryUsage().rss;
  let peak = 0;
  const to = await roundTrip(from, (chunk) => {
    peak = Math.max(peak, process.memoryUsage().rss);
    return [chunk];
  });
  expect(fs.statSync(join(to, "big")).size).toBe(megabytes * 1024 * 1024);
  expect((peak - before) / 1024 / 1024).toBeLessThan(120);
});

function sparse(path: string): string {
  fs.writeFileSync(path, "");
  return path;
}

test("several paths, and no more than those", async () => {
  const from = folder();
  writeFiles(from, [
    { path: "etc/a", content: "a", mode: 0o644 },
    { path: "etc/b", content: "b", mode: 0o600 },
    { path: "c", content: Buffer.from("c"), mode: 0o755 },
  ]);
  expect(modeOf(join(from, "etc/b"))).toBe("600");
  const names: string[] = [];
  const parser = new Parser({
    onReadEntry: (entry) => {
      names.push(entry.path);
      entry.resume();
    },
  });
  for await (const chunk of pack(from, ["etc/a", "c"])) parser.write(chunk);
  parser.end();
  expect(names).toEqual(["etc/a", "c"]);
});

test("what cannot be read breaks the stream", async () => {
  const error = await thrownBy(readWhole(pack(folder(), ["missing"])));
  expect(error.message).toContain("ENOENT");
});
