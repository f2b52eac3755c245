import { execFileSync } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { temporaryFolders } from "../../../testing/folders.ts";
import { peek } from "./decompress.ts";
import { findElfFiles } from "./find.ts";

const folder = temporaryFolders();

/** What is found in the folder where Python ran; `elf` is an ELF file, `tar(…)` and `zip(…)` make archives. */
async function look(script: string) {
  const out = folder();
  const prelude = `
import bz2, gzip, io, lzma, os, tarfile, zipfile, warnings
warnings.simplefilter("ignore")
elf = open("/bin/true", "rb").read()
def tar(*members):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w") as t:
        for name, data in members:
            i = tarfile.TarInfo(name)
            if isinstance(data, str): i.type, i.linkname, data = tarfile.SYMTYPE, data, b""
            i.size = len(data); t.addfile(i, io.BytesIO(data))
    return b.getvalue()
def zip(*members):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members: z.writestr(name, data)
    return b.getvalue()
def save(name, data): open(name, "wb").write(data)
`;
  execFileSync("python3", ["-c", prelude + script], { cwd: out });
  const scratch = join(folder(), "scratch");
  const start = performance.now();
  const { files, unreadable } = await findElfFiles({ out }, scratch);
  const seconds = (performance.now() - start) / 1000;
  const messages = unreadable.map(({ path, message }) => `${path}: ${message}`);
  return { files, paths: files.map(({ path }) => path), messages, seconds, scratch };
}

test("archives nested like 42.zip end after a hundred complaints, not a hundred thousand", async () => {
  const { messages, paths, seconds, scratch } = await look(`
data = zip(("x.so", elf))
for level in range(6): data = zip(*((f"{i}.zip", data) for i in range(16)))
save("42.zip", data)`);
  expect(paths).toEqual([]);
  expect(messages).toHaveLength(102);
  expect(messages).toContain("42.zip: too much in it cannot be read; the rest was not looked into");
  expect(messages).toContain("42.zip!/0.zip!/0.zip!/0.zip!/0.zip: it is an archive within 4 others");
  // All of it would be 22 s; 0.3 s measured.
  expect(seconds).toBeLessThan(5);
  expect(readdirSync(scratch).length).toBeLessThan(100);
});

test("the next file of the output is looked into nonetheless, and the same is said once", async () => {
  const { messages, paths } = await look(`
save("a.tar", tar(*((f"../{i}", elf) for i in range(3000))))
save("b.tar", tar(("x.so", elf)))`);
  expect(paths).toEqual(["b.tar!/x.so"]);
  expect(messages.filter((one) => one.startsWith("a.tar: "))).toEqual([
    "a.tar: too much in it cannot be read; the rest was not looked into",
  ]);
  expect(messages).toContain("a.tar!/../0: its name has '..' in it");
  expect(messages).toHaveLength(101);
});

test("500 MB of zeros in a few hundred bytes of bzip2 take little memory", async () => {
  const before = process.memoryUsage().rss;
  const { messages } = await look(`
head = bytearray(tar(("z", b""))[:512]); head[124:136] = b"%011o\\0" % (500 << 20); head[148:156] = b" " * 8
head[148:156] = b"%06o\\0 " % sum(head)
save("z.tbz", bz2.compress(bytes(head)) + bz2.compress(bytes(50 << 20)) * 10)`);
  expect(messages).toEqual([
    expect.stringMatching(/^z.tbz: the archive has \d+ bytes and unpacks to more than 200 times of it/),
  ]);
  // 3 GB with the library's own stream.
  expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
});

test("the beginning of what unpacks to much costs no more than that of anything else", () => {
  const packed = deflateRawSync(Buffer.alloc(10 << 20)).subarray(0, 512);
  expect(peek(packed, false, "deflate", 512)).toEqual(Buffer.alloc(512));
  const start = process.cpuUsage();
  for (let count = 0; count < 5000; count++) peek(packed, false, "deflate", 512);
  // 5 s when 512 bytes become 500 KB; 0.4 s measured.
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2.5);
  expect(peek(packed.subarray(0, 3), false, "deflate", 512)).toBeNull();
});

test("a wheel of ten thousand Python files is fast, and costs no disk", async () => {
  const { paths, seconds, scratch } = await look(`
save("x.whl", zip(*((f"p/{i}.py", b"def f%d(): return %d\\n" % (i, i) * 50) for i in range(10000)), ("c.so", elf)))`);
  expect(paths).toEqual(["x.whl!/c.so"]);
  expect(readdirSync(scratch, { recursive: true })).toEqual(["0", "0/c.so"]);
  // 0.3 s measured, on a machine without load.
  expect(seconds).toBeLessThan(3);
});

test.each([
  ["gzip", "gz", "ends early", "c = c[:-2]"],
  ["gzip", "gz", "has a wrong checksum", "c = c[:-6] + bytes([c[-6] ^ 1]) + c[-5:]"],
  ["lzma", "xz", "ends early", "c = c[:-2]"],
  ["bz2", "bzip2", "ends early", "c = c[:-2]"],
])("compressed by %s, a tar that is whole but whose %s data %s is told", async (module, _, __, damage) => {
  const { messages, paths } = await look(`
c = ${module}.compress(tar(("x.so", elf)))
${damage}
save("x", c)`);
  // Whether or not the file was read before the end: it is told that it is not to be trusted.
  expect(["x!/x.so", ""]).toContain(paths.join());
  expect(messages).toEqual([expect.stringMatching(/^x: its (gzip|xz|bzip2) data is damaged: /)]);
});

test("a block of bzip2 is not used before its checksum: damage never looks like no archive", async () => {
  const { messages, paths } = await look(`
c = bytearray(bz2.compress(tar(("x.so", elf))))
c[len(c) // 2] ^= 0x55
save("x", bytes(c))`);
  expect([paths, messages]).toEqual([[], [expect.stringMatching(/^x: its bzip2 data is damaged: /)]]);
});

test("several streams of gzip and bzip2 in one file are one archive", async () => {
  const { messages, paths } = await look(`
t = tar(("x.so", elf), ("y.so", elf))
save("a", gzip.compress(t[:5000]) + gzip.compress(t[5000:]))
save("b", bz2.compress(t[:5000]) + bz2.compress(t[5000:]))`);
  expect([paths, messages]).toEqual([["a!/x.so", "a!/y.so", "b!/x.so", "b!/y.so"], []]);
});

test("links of a tar are there when they stay in it, as libraries are found by them", async () => {
  const { files, messages } = await look(`
save("x.tar", tar(("lib/libx.so.1", "libx.so.1.2"), ("lib/libx.so.1.2", elf), ("other/libx.so", "../lib/libx.so.1"),
  ("top", "lib"), ("top/inside", elf), ("up", ".."), ("lib/up", "../.."), ("passwd", "/etc/passwd"),
  ("via", "lib/../../etc"), ("dot", ".")))`);
  expect(messages).toEqual([]);
  const file = files.find(({ path }) => path === "x.tar!/lib/libx.so.1.2")?.file.toString() ?? "";
  const top = join(dirname(file), "..");
  for (const link of ["lib/libx.so.1", "other/libx.so"]) {
    expect(realpathSync(join(top, link))).toBe(realpathSync(file));
  }
  // "top" is a folder already, as a file lies in it; the others would lead out.
  expect(readdirSync(top).sort()).toEqual(["dot", "lib", "other", "top"]);
  expect(readdirSync(join(top, "lib")).sort()).toEqual(["libx.so.1", "libx.so.1.2"]);
  expect(readdirSync(join(top, "top"))).toEqual(["inside"]);
});

test("the loader finds a library of the same archive by its soname, which is a link", async () => {
  const { files } = await look(`
import subprocess
def cc(*args): subprocess.run(["gcc", *args], check=True, cwd=where)
import tempfile
where = tempfile.mkdtemp()
open(where + "/l.c", "w").write("int f(void) { return 0; }"); open(where + "/m.c", "w").write("int f(void); int main(void) { return f(); }")
cc("-shared", "-fPIC", "-Wl,-soname,libl.so.1", "-o", "libl.so.1.2", "l.c")
cc("-o", "m", "m.c", "libl.so.1.2", "-Wl,-rpath,$ORIGIN/../lib")
data = lambda name: open(where + "/" + name, "rb").read()
save("x.tar", tar(("bin/m", data("m")), ("lib/libl.so.1.2", data("libl.so.1.2")), ("lib/libl.so.1", "libl.so.1.2")))
import shutil; shutil.rmtree(where)`);
  const program = files.find(({ path }) => path === "x.tar!/bin/m")?.file.toString() ?? "";
  const answer = execFileSync("ldd", [program], { encoding: "utf8" });
  expect(answer).toMatch(/libl\.so\.1 => .*lib\/libl\.so\.1 /);
});
