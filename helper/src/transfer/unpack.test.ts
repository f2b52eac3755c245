import * as fs from "node:fs";
import { join } from "node:path";
import { Header, type HeaderData } from "tar";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { type Targets, Unpacker } from "./unpack.ts";

const folder = temporaryFolders();

/** One entry of a tar stream, as a hostile container may write it. */
function entry(type: string, path: string, more: Partial<HeaderData> & { body?: string } = {}): Buffer {
  const { body = "", ...rest } = more;
  const data = { mode: type === "Directory" ? 0o755 : 0o644, size: Buffer.byteLength(body), ...rest };
  const header = new Header({ path, type, mtime: new Date(0), uid: 0, gid: 0, ...data } as HeaderData);
  header.encode();
  const padding = Buffer.alloc((512 - (data.size % 512)) % 512);
  return Buffer.concat([header.block as Buffer, Buffer.from(body), padding]);
}

const end = Buffer.alloc(1024);
const top = entry("Directory", "out/");

/** Unpacks into a new folder and returns it. */
function unpack(parts: Buffer[], targets?: Targets): string {
  const to = folder();
  const unpacker = new Unpacker(targets ?? { out: join(to, "out") });
  unpacker.write(Buffer.concat(parts));
  unpacker.end();
  return to;
}

test("what is allowed", () => {
  const to = unpack([top, entry("File", "out/file", { body: "hello" }), end]);
  expect(fs.readFileSync(join(to, "out/file"), "utf8")).toBe("hello");
});

test("several outputs, each to its place; one may be a file", () => {
  const to = folder();
  const parts = [
    top,
    entry("File", "out/a"),
    entry("Directory", "out-dev"),
    entry("File", "out-dev/b"),
    entry("File", "build/result", { body: "one file" }),
    end,
  ];
  unpack(parts, { out: join(to, "1"), "out-dev": join(to, "2"), "build/result": join(to, "3") });
  expect([fs.readdirSync(join(to, "1")), fs.readdirSync(join(to, "2"))]).toEqual([["a"], ["b"]]);
  expect(fs.readFileSync(join(to, "3"), "utf8")).toBe("one file");
});

test("a folder that we made before is taken", () => {
  const to = folder();
  fs.mkdirSync(join(to, "out"));
  unpack([top, entry("File", "out/file"), end], { out: join(to, "out") });
  expect(fs.readdirSync(join(to, "out"))).toEqual(["file"]);
});

describe("refused", () => {
  const link = (path: string, linkpath: string) => entry("SymbolicLink", path, { linkpath });
  const hardLink = (path: string, linkpath: string) => entry("Link", path, { linkpath });

  test.each<[string, Buffer[], RegExp]>([
    ["'..' out of the output", [top, entry("File", "out/../evil")], /'\.\.' in its path/],
    ["'..' at the end", [top, entry("Directory", "out/..")], /'\.\.' in its path/],
    ["an absolute path", [top, entry("File", "/evil")], /outside of the outputs/],
    ["another path", [top, entry("File", "evil")], /outside of the outputs/],
    ["a name that only begins like the output", [top, entry("File", "outer/evil")], /outside of the outputs/],
    ["a file through a link", [top, link("out/l", ".."), entry("File", "out/l/evil")], /or is a link/],
    ["a folder over a link", [top, link("out/l", ".."), entry("Directory", "out/l")], /it comes twice/],
    ["a file over a link", [top, link("out/l", "../evil"), entry("File", "out/l")], /it comes twice/],
    ["a link over a file", [top, entry("File", "out/f"), link("out/f", "..")], /it comes twice/],
    ["a file in a folder that never came", [top, entry("File", "out/a/f")], /did not come before it/],
    ["a dot in the path", [top, entry("File", "out/./f")], /did not come before it/],
    ["a hard link out", [top, hardLink("out/h", "/etc/passwd")], /outside of the outputs/],
    ["a hard link out by '..'", [top, hardLink("out/h", "out/../evil")], /'\.\.' in its path/],
    [
      "a hard link to a symlink",
      [top, link("out/l", "../evil"), hardLink("out/h", "out/l")],
      /hard link to no file/,
    ],
    ["a hard link to nothing", [top, hardLink("out/h", "out/none")], /hard link to no file/],
    ["a FIFO", [top, entry("FIFO", "out/f")], /the output holds a FIFO/],
    ["a character device", [top, entry("CharacterDevice", "out/d")], /the output holds a device node/],
    ["a block device", [top, entry("BlockDevice", "out/d")], /the output holds a device node/],
    ["setuid", [top, entry("File", "out/f", { mode: 0o4755 })], /a setuid or setgid file/],
    ["setgid", [top, entry("File", "out/f", { mode: 0o2755 })], /a setuid or setgid file/],
  ])("%s", async (_name, parts, message) => {
    // The link's target must not be there afterwards, neither inside nor beside.
    const to = folder();
    const error = await thrownBy<VoyagerError>(() => unpack([...parts, end], { out: join(to, "out") }));
    expect(error).toMatchObject({ name: "VoyagerError", kind: "output" });
    expect(`${error.message} ${error.details.why}`).toMatch(message);
    expect(fs.readdirSync(to)).toEqual(["out"]);
  });

  test("nothing that follows is written", async () => {
    const to = folder();
    const parts = [top, entry("FIFO", "out/fifo"), entry("File", "out/later", { body: "x" }), end];
    await thrownBy(() => unpack(parts, { out: join(to, "out") }));
    expect(fs.readdirSync(join(to, "out"))).toEqual([]);
  });
});

test("setgid of a folder is dropped: it may be inherited", () => {
  const to = unpack([entry("Directory", "out/", { mode: 0o2755 }), end]);
  expect(fs.statSync(join(to, "out")).mode & 0o7777).toBe(0o755);
});

describe("a stream that ends early", () => {
  const file = entry("File", "out/file", { body: "x".repeat(2000) });
  const whole = Buffer.concat([top, file, end]);

  test.each([
    ["in a header", 700],
    ["in a body", 1500],
    ["between two entries", 512],
  ])("%s", async (_name, length) => {
    const to = folder();
    const unpacker = new Unpacker({ out: join(to, "out") });
    const error = await thrownBy<VoyagerError>(() => {
      unpacker.write(whole.subarray(0, length));
      unpacker.end();
    });
    expect(error).toMatchObject({ name: "VoyagerError", kind: "transfer" });
  });

  test("before it began", async () => {
    const error = await thrownBy(() => new Unpacker({ out: join(folder(), "out") }).end());
    expect(error).toMatchObject({ name: "VoyagerError", kind: "transfer" });
  });
});

test("what is no tar stream", async () => {
  const unpacker = new Unpacker({ out: join(folder(), "out") });
  const error = await thrownBy(() => {
    unpacker.write(Buffer.from("sh: tar: not found\n".repeat(100)));
    unpacker.end();
  });
  expect(error).toMatchObject({ name: "VoyagerError", kind: "transfer" });
});
