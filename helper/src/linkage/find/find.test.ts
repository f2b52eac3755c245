import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { temporaryFolders } from "../../../testing/folders.ts";
import { type FindResult, findElfFiles } from "./find.ts";
import { defaultLimits, type Limits } from "./limits.ts";

const folder = temporaryFolders();
const library = "/usr/lib/x86_64-linux-gnu/libz.so.1";

/** A folder with what `make`, a shell script, leaves in it; $lib is a library. */
function made(script: string): string {
  const where = folder();
  execFileSync("bash", ["-euc", script], {
    cwd: where,
    stdio: "pipe",
    env: { ...process.env, lib: library },
  });
  return where;
}

const find = (out: string, limits: Partial<Limits> = {}): Promise<FindResult> =>
  findElfFiles({ out }, join(folder(), "scratch"), { ...defaultLimits, ...limits });

/** Paths found, and messages of what was not, both in order. */
async function told(out: string, limits: Partial<Limits> = {}) {
  const { files, unreadable } = await find(out, limits);
  for (const { facts } of files) expect(facts.soname).toBe("libz.so.1");
  return [...files.map(({ path }) => path), ...unreadable.map(({ path, message }) => `${path}: ${message}`)];
}

/** Python's zipfile, with `z` open and the library's bytes in `so`. */
const python = (body: string) => `python3 - <<'EOF'
import os, zipfile, warnings; warnings.simplefilter("ignore")
so = open(os.environ["lib"], "rb").read()
with zipfile.ZipFile("x.whl", "w", zipfile.ZIP_DEFLATED) as z:
${body.replace(/^/gm, "  ")}
EOF`;

test("folders: regular files only, in order, whatever their names", async () => {
  const out = made(`mkdir -p lib/b lib/a; cp $lib lib/b/x.so; cp $lib lib/a/y.so; cp $lib lib.so
    ln -s x.so lib/b/link.so; ln -s .. lib/up; echo '#!/bin/sh' >lib/script; mkfifo lib/pipe
    cp $lib $'lib/\\xff\\x1b.so'; mkdir 'w.whl!'; cp $lib 'w.whl!/x.so'; head -c 9000 $lib >lib/cut.so`);
  expect(await told(out)).toEqual([
    "lib.so",
    "lib/\\xff\\x1b.so",
    "lib/a/y.so",
    "lib/b/x.so",
    "w.whl\\!/x.so",
    "lib/cut.so: the file is truncated: it ends before its segments do",
  ]);
});

test("an output may be one file", async () => {
  expect(await told(join(made(python(`z.writestr("p/x.so", so)`)), "x.whl"))).toEqual(["x.whl!/p/x.so"]);
});

test("members lie beside each other as in their archive", async () => {
  const out = made(
    python(`z.writestr("p/x.so", so); z.writestr("p.libs/libz.so", so); z.writestr("p/a.py", "1")`),
  );
  const { files } = await find(out);
  expect(files.map(({ file, root }) => file.toString().slice((root?.length ?? 0) + 1))).toEqual([
    "p.libs/libz.so",
    "p/x.so",
  ]);
  expect(fs.readFileSync(files[1]?.file ?? "")).toEqual(fs.readFileSync(library));
});

test("tars of every compression, told by content", async () => {
  const out = made(`mkdir -p t/lib; cp $lib t/lib/x.so; ln t/lib/x.so t/lib/y.so; ln -s /etc/passwd t/lib/z.so
    echo text >t/readme; tar cf a t; tar czf b t; tar cjf c t; tar cJf d t; tar --format=v7 -cf e t; tar cf - t | xz -9 >f
    gzip -c $lib >no.gz; echo manual | gzip -c >man.1.gz; rm -r t`);
  const expected = ["a", "b", "c", "d", "e", "f"].flatMap((name) => [
    `${name}!/t/lib/x.so`,
    `${name}!/t/lib/y.so`,
  ]);
  expect(await told(out)).toEqual(expected);
});

test("zstd is read where Node can, else said", async () => {
  const out = made(`cp $lib x.so; tar cf - x.so | zstd -q >x.tar.zst; rm x.so`);
  const can = "createZstdDecompress" in zlib && typeof zlib.createZstdDecompress === "function";
  expect(await told(out)).toEqual([
    can
      ? "x.tar.zst!/x.so"
      : expect.stringMatching(/^x.tar.zst: it is compressed with zstd, which takes Node 22.15/),
  ]);
});

test("Debian packages, of each compression", async () => {
  const out = made(`mkdir -p p/DEBIAN p/usr/lib; cp $lib p/usr/lib/x.so
    printf 'Package: p\\nVersion: 1\\nArchitecture: amd64\\nMaintainer: m <m@example.org>\\nDescription: d\\n' >p/DEBIAN/control
    for z in xz gzip none; do dpkg-deb -Z$z -b p $z.deb; done; rm -r p
    head -c 20000 xz.deb >cut.deb`);
  expect(await told(out)).toEqual([
    "gzip.deb!/usr/lib/x.so",
    "none.deb!/usr/lib/x.so",
    "xz.deb!/usr/lib/x.so",
    "cut.deb: the package is truncated",
  ]);
});

test("archives within archives, to a depth", async () => {
  const out = made(`${python(`z.writestr("c/x.so", so)`)}
    for n in 1 2 3 4; do tar czf $n.tgz $(ls | tail -1); rm -f x.whl; [ $n = 1 ] || rm $((n - 1)).tgz; done; mv 4.tgz z.tgz`);
  expect(await told(out, { depth: 5 })).toEqual(["z.tgz!/3.tgz!/2.tgz!/1.tgz!/x.whl!/c/x.so"]);
  expect(await told(out)).toEqual(["z.tgz!/3.tgz!/2.tgz!/1.tgz!/x.whl: it is an archive within 4 others"]);
});

test("a zip behind a program or a script is read too, with offsets corrected or not", async () => {
  const out = made(`${python(`z.writestr("x.so", so)`)}
    cat $lib x.whl >program; (echo '#!/usr/bin/python3'; cat x.whl) >script
    cp program fixed; python3 -c '
import zipfile, os
with open("fixed", "wb") as f: f.write(open(os.environ["lib"], "rb").read())
with zipfile.ZipFile("fixed", "a") as z: z.write(os.environ["lib"], "y.so")'; rm x.whl`);
  expect(await told(out)).toEqual(["fixed", "fixed!/y.so", "program", "program!/x.so", "script!/x.so"]);
});

describe("hostile archives", () => {
  test("names that lead out of it, or come twice", async () => {
    const out = made(
      python(
        `for n in ["../a.so", "/b.so", "c.so", "c.so", "d/../../e.so", "f", "f/g.so", "h" * 300]: z.writestr(n, so)`,
      ),
    );
    expect(await told(out)).toEqual([
      "x.whl!/c.so",
      "x.whl!/f",
      "x.whl!/../a.so: its name has '..' in it",
      "x.whl!//b.so: its name is absolute",
      "x.whl!/c.so: it comes twice, or is a file and a folder",
      "x.whl!/d/../../e.so: its name has '..' in it",
      "x.whl!/f/g.so: it comes twice, or is a file and a folder",
      `x.whl!/${"h".repeat(300)}: its name is too long`,
    ]);
  });

  test("links out of a tar", async () => {
    const out = made(`python3 - <<'EOF'
import tarfile, os
with tarfile.open("x.tar", "w") as t:
  t.add(os.path.realpath(os.environ["lib"]), "x.so")
  for n, to in [("a.so", "../../etc/passwd"), ("b.so", "/etc/passwd"), ("c.so", "none"), ("d.so", "x.so")]:
    i = tarfile.TarInfo(n); i.type = tarfile.LNKTYPE; i.linkname = to; t.addfile(i)
  i = tarfile.TarInfo("dir"); i.type = tarfile.SYMTYPE; i.linkname = "/tmp"; t.addfile(i)
  t.add(os.path.realpath(os.environ["lib"]), "dir/e.so")
EOF`);
    expect(await told(out)).toEqual([
      "x.tar!/d.so",
      "x.tar!/dir/e.so",
      "x.tar!/x.so",
      "x.tar!/a.so: it is a link out of the archive: its name has '..' in it",
      "x.tar!/b.so: it is a link out of the archive: its name is absolute",
    ]);
  });

  test("damaged, encrypted, of an unknown method, cut: each by its name", async () => {
    const out =
      made(`${python(`z.writestr("a.so", so); z.writestr("b.so", so, zipfile.ZIP_BZIP2); z.writestr("c.so", so)`)}
      python3 - <<'EOF'
data = bytearray(open("x.whl", "rb").read())
at = data.rindex(b"c.so", 0, data.index(b"PK\\1\\2")) + 2000
data[at:at + 50] = bytes(50)
open("damaged.whl", "wb").write(data); open("cut.whl", "wb").write(data[:-100])
EOF
      cp $lib x.so; tar czf cut.tgz x.so; truncate -s -3000 cut.tgz; head -c 30000 /dev/zero >>x.so
      tar cJf cut.txz x.so; truncate -s -300 cut.txz; tar cjf cut.tbz x.so; truncate -s -300 cut.tbz; rm x.so x.whl`);
    const lines = await told(out);
    expect(lines).toEqual([
      "damaged.whl!/a.so",
      expect.stringMatching(/^cut.tbz: (its bzip2 data is damaged|the tar)/),
      expect.stringMatching(/^cut.tgz: its gzip data is damaged/),
      expect.stringMatching(/^cut.txz: its xz data is damaged/),
      expect.stringMatching(/^cut.whl: (End of central directory|.*)/),
      "damaged.whl!/b.so: it is compressed by method 12, which is not known here",
      expect.stringMatching(/^damaged.whl!\/c.so: ./),
    ]);
    // The library for xz lets only one stream live: a failed one must not be in the way of others.
    expect(await told(out)).toEqual(lines);
  });

  test("bombs: zeros, one that says less than it has, ELF files that are none", async () => {
    const out = made(`python3 - <<'EOF'
import zipfile, struct, zlib, lzma, tarfile, io, gzip
with zipfile.ZipFile("zeros.whl", "w", zipfile.ZIP_DEFLATED) as z: z.writestr("a", bytes(5_000_000))
elf = b"\\x7fELF" + bytes(5_000_000)
with zipfile.ZipFile("elf.whl", "w", zipfile.ZIP_DEFLATED) as z: z.writestr("x.so", elf)
data = open("elf.whl", "rb").read().replace(struct.pack("<I", len(elf)), struct.pack("<I", 1000))
open("less.whl", "wb").write(data)
i = tarfile.TarInfo("x.so"); i.size = len(elf); b = io.BytesIO()
with tarfile.open(fileobj=b, mode="w") as t: t.addfile(i, io.BytesIO(elf))
open("b.tgz", "wb").write(gzip.compress(b.getvalue())); open("b.txz", "wb").write(lzma.compress(b.getvalue(), preset=1))
import bz2; open("b.tbz", "wb").write(bz2.compress(b.getvalue()))
EOF`);
    const before = performance.now();
    const ratio = /the archive has \d+ bytes and unpacks to more than 200 times of it/;
    expect(await told(out, { ratioFrom: 2_000_000 })).toEqual([
      expect.stringMatching(ratio),
      expect.stringMatching(ratio),
      expect.stringMatching(ratio),
      expect.stringMatching(ratio),
      expect.stringMatching(/less.whl!\/x.so: too many bytes in the stream. expected 1000/),
    ]);
    expect(await told(out, { memberBytes: 1_000_000 })).toContain(
      "elf.whl!/x.so: it has 5 MB, more than the 1000000 bytes that are looked into",
    );
    expect((await told(out, { bytes: 1_000_000 })).join()).toContain(
      "the archives unpack to more than 1000000 bytes together",
    );
    expect(performance.now() - before).toBeLessThan(20_000);
  });

  test("entries that share their data, and too many of them", async () => {
    const out = made(`${python(`z.writestr("a.so", so); z.writestr("b.so", so)`)}
      python3 - <<'EOF'
import struct
d = bytearray(open("x.whl", "rb").read()); at = d.rindex(b"PK\\1\\2")
d[at + 42:at + 46] = struct.pack("<I", 0); open("x.whl", "wb").write(d)
EOF`);
    expect(await told(out)).toEqual([
      "x.whl!/a.so",
      "x.whl!/b.so",
      "x.whl: entries of it overlap, as in a bomb",
    ]);
    expect((await told(out, { entries: 1 })).join()).toContain(
      "the archives have more than 1 entries together",
    );
  });

  test("an ELF file behind blocks of nothing is found", async () => {
    const out = made(`python3 - <<'EOF'
import zlib, zipfile, os, struct
so = open(os.environ["lib"], "rb").read()
c = zlib.compressobj(9, zlib.DEFLATED, -15); data = b"\\0\\0\\0\\xff\\xff" * 1000 + c.compress(so) + c.flush()
n = b"x.so"; crc = zlib.crc32(so)
l = struct.pack("<4s5H3I2H", b"PK\\3\\4", 20, 0, 8, 0, 33, crc, len(data), len(so), len(n), 0) + n
e = struct.pack("<4s6H3I5H2I", b"PK\\1\\2", 20, 20, 0, 8, 0, 33, crc, len(data), len(so), len(n), 0, 0, 0, 0, 0, 0) + n
open("x.whl", "wb").write(l + data + e + struct.pack("<4s4H2IH", b"PK\\5\\6", 0, 0, 1, 1, len(e), len(l + data), 0))
EOF`);
    expect(await told(out)).toEqual(["x.whl!/x.so"]);
  });

  test("an archive cut or changed anywhere ends soon, and never without a word of what is lost", async () => {
    const out = made(`${python(`z.writestr("a.so", so); z.writestr("b.py", "x" * 1000)`)}
      cp $lib a.so; tar czf x.tgz a.so; tar cJf x.txz a.so; tar cjf x.tbz a.so; tar cf x.tar a.so; rm a.so`);
    for (const name of fs.readdirSync(out)) {
      const whole = fs.readFileSync(join(out, name));
      const where = folder();
      for (let cut = 700; cut < whole.length - 11_000; cut += Math.ceil(whole.length / 15)) {
        fs.writeFileSync(join(where, name), whole.subarray(0, cut));
        expect((await find(where)).unreadable).not.toEqual([]);
        const changed = Buffer.from(whole);
        changed[cut] = ((changed[cut] ?? 0) ^ 0x55) & 0xff;
        fs.writeFileSync(join(where, name), changed);
        await find(where);
      }
    }
  });
});
