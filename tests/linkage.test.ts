/** Each rule has a build that breaks it and fails by name, and, where it can be allowed, one that says why. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../helper/src/linkage/report.ts";
import { expectNothingLeft, mustBuild, nixBuild } from "./support/nix.ts";

const folder = mkdtempSync(join(tmpdir(), "voyager-linkage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => expectNothingLeft());

/** One environment for all that needs a compiler. */
const c = `systemBuildDependencies = [ "gcc" "libc6-dev" "zlib1g-dev" "libffi-dev" ];`;
const main = (text: string) => `echo '${text}' >main.c; mkdir -p $out/bin`;
const usesZlib = main("#include <zlib.h>\nint main(void) { return zlibVersion()[0] == 0; }");
const answers = main("int answer(void); int main(void) { return answer() != 42; }");

function reportOf(path: string): Report {
  return JSON.parse(readFileSync(join(path, "nix-support/linkage.json"), "utf8"));
}

/** Builds what must break a rule; resolves with what the user reads. */
async function broken(expression: string): Promise<string> {
  const { status, stderr, stdout } = await nixBuild(expression);
  expect(stderr).toMatch(/failed with exit code 77/);
  expect([status === 0, stdout]).toEqual([false, ""]);
  return stderr;
}

async function passing(expression: string): Promise<Report> {
  const [path = ""] = await mustBuild(expression);
  const report = reportOf(path);
  expect([report.verdict, report.problems]).toEqual(["pass", []]);
  return report;
}

test("what links to the system passes: package, version, symbol versions and least version are told", async () => {
  const report = await passing(`build { ${c} buildScript = ''${usesZlib}; gcc -o $out/bin/x main.c -lz''; }`);
  const [file] = report.files;
  expect(file).toMatchObject({ path: "bin/x", type: "executable", machine: "x86_64", runpath: [] });
  const zlib = file?.needed.find(({ soname }) => soname === "libz.so.1");
  expect(zlib?.provider).toMatchObject({ kind: "system", package: "zlib1g", source: "zlib" });
  const libc = report.packages.find(({ name }) => name === "libc6");
  expect(libc).toMatchObject({ source: "glibc", direct: true, relation: "linked", minimumVersion: "2.34" });
  expect(report.system).toMatchObject({ name: "debian12", arch: "amd64", osRelease: { ID: "debian" } });
});

describe("nix-store", () => {
  const library = `dependency = build {
      pname = "answer"; ${c}
      buildScript = ''mkdir $out/lib; echo 'int answer(void) { return 42; }' >a.c
        gcc -shared -Wl,-soname,libanswer.so.1 -o $out/lib/libanswer.so a.c; ln -s libanswer.so $out/lib/libanswer.so.1'';
    };`;
  const user = (allow: string) => `let ${library} in build {
    ${c} nixDependencies = [ dependency ]; linkage.allow = [ ${allow} ];
    buildScript = ''${answers}; gcc -o $out/bin/x main.c -L\${dependency}/lib -lanswer -Wl,-rpath,\${dependency}/lib'';
  }`;

  test("a library and a RUNPATH in the Nix store", async () => {
    const message = await broken(user(""));
    expect(message).toMatch(
      /bin\/x gets libanswer\.so\.1 from the Nix store: \/nix\/store\/.*-answer-1\/lib/,
    );
    expect(message).toMatch(/the RUNPATH of bin\/x names the Nix store: \/nix\/store\/.*-answer-1\/lib/);
  });

  test("allowed with a reason, which the report has", async () => {
    const report = await passing(
      user(`{ soname = "libanswer.so.1"; reason = "ours, built anew each night"; }`),
    );
    expect(report.allowed.map(({ rule, soname, reason }) => [rule, soname, reason])).toEqual([
      ["nix-store", "libanswer.so.1", "ours, built anew each night"],
      ["nix-store", null, "ours, built anew each night"],
    ]);
    expect(report.files[0]?.needed.find(({ soname }) => soname === "libanswer.so.1")?.provider).toMatchObject(
      {
        kind: "nix",
        package: "answer-1",
      },
    );
  });
});

test("unresolved: a program that is started by a loader of its own", async () => {
  const message = await broken(`build { ${c} buildScript = ''
    ${main("int main(void) { return 0; }")}; gcc -o $out/bin/x main.c -Wl,--dynamic-linker=/opt/ld.so''; }`);
  expect(message).toContain(
    "bin/x is started by /opt/ld.so, which is not the system's loader: that is /lib64/ld-linux-x86-64.so.2",
  );
});

test("unresolved: a library that is not there", async () => {
  const message = await broken(`build { ${c} buildScript = ''
    ${answers}; echo 'int answer(void) { return 42; }' >a.c
    gcc -shared -Wl,-soname,libgone.so.7 -o libanswer.so a.c; gcc -o $out/bin/x main.c -L. -lanswer''; }`);
  expect(message).toContain("bin/x needs libgone.so.7, which the system's loader does not find");
});

test("bundled: a copy of the system's library in a wheel", async () => {
  const source = join(folder, "vendored");
  mkdirSync(join(source, "vendored"), { recursive: true });
  writeFileSync(join(source, "vendored/__init__.py"), "");
  writeFileSync(
    join(source, "setup.py"),
    `import shutil, setuptools
shutil.copy("/usr/lib/x86_64-linux-gnu/libz.so.1", "vendored/libz-1a2b3c4d.so.1")
setuptools.setup(name="vendored", version="1", packages=["vendored"], package_data={"vendored": ["*.so.1"]})
`,
  );
  const wheel = (more: string) => `wheel { pname = "vendored"; src = ${source}; ${more} }`;
  expect(await broken(wheel(""))).toMatch(
    /vendored-1-.*\.whl!\/vendored\/libz-1a2b3c4d\.so\.1 is a copy of libz\.so\.1, which the system has in zlib1g/,
  );
  const report = await passing(wheel(`linkage.allow = [ { soname = "libz.so.*"; reason = "a test"; } ];`));
  expect(report.packages.find(({ relation }) => relation === "bundled")).toMatchObject({ name: "zlib1g" });
});

describe("static", () => {
  const linked = (more: string, script = "gcc -o $out/bin/x main.c -Wl,-Bstatic -lz -Wl,-Bdynamic") =>
    `build { ${c} ${more} buildScript = ''${usesZlib}; ${script}''; }`;

  test("a library of a -dev package that is linked in", async () => {
    expect(await broken(linked(""))).toContain(
      "bin/x has libz.a of zlib1g-dev linked into it, which no update of the system reaches",
    );
  });

  test("also when the file was stripped, renamed and has no build id any more", async () => {
    const script = `gcc -o y main.c -Wl,-Bstatic -lz -Wl,-Bdynamic -Wl,--build-id=none; strip y; cp y $out/bin/x`;
    expect(await broken(linked("", script))).toContain("bin/x has libz.a of zlib1g-dev linked into it");
  });

  test("by a linker that the build calls itself, from an object that another link made", async () => {
    const script = `gcc -c main.c; ld -r main.o /usr/lib/x86_64-linux-gnu/libz.a -o all.o; gcc -o $out/bin/x all.o`;
    expect(await broken(linked("", script))).toContain("bin/x has libz.a of zlib1g-dev linked into it");
  });

  test("a build that takes away what its linkers wrote down", async () => {
    const message = await broken(linked("", "gcc -o $out/bin/x main.c -lz; rm -rf /build/.voyager/links"));
    expect(message).toContain("what the linkers wrote down while they worked is gone");
  });

  test("a test program that is not delivered does no harm", async () => {
    const script = `gcc -o try main.c -Wl,-Bstatic -lz -Wl,-Bdynamic; ./try; gcc -o $out/bin/x main.c -lz`;
    const report = await passing(linked("", script));
    expect(report.packages.map(({ relation }) => relation)).toEqual(["linked", "linked"]);
  });

  test("allowed: the report still says what must be built again", async () => {
    const report = await passing(linked(`linkage.allow = [ { soname = "libz.a"; reason = "speed"; } ];`));
    expect(report.packages.find(({ relation }) => relation === "static")).toMatchObject({
      name: "zlib1g-dev",
      source: "zlib",
    });
  });
});

test("unowned: a library in /usr/local/lib", async () => {
  const message = await broken(`build {
    system = systems.debian12.override {
      setup = "cp -L /usr/lib/x86_64-linux-gnu/libcrypt.so.1 /usr/local/lib/ && ldconfig";
    };
    ${c} buildScript = ''${main('char *crypt(const char *, const char *); int main(void) { return !crypt("a", "ab"); }')}
      gcc -o $out/bin/x main.c -lcrypt'';
  }`);
  expect(message).toContain(
    "bin/x gets libcrypt.so.1 from /usr/local/lib/libcrypt.so.1, which belongs to no package of the system",
  );
});

describe("run-dependencies", () => {
  const usesFfi = main(
    "#include <ffi.h>\nint main(void) { ffi_cif c; return ffi_prep_cif(&c, 0, 0, 0, 0); }",
  );
  const linked = (names: string) =>
    `build { ${c} systemRunDependencies = [ ${names} ]; buildScript = ''${usesFfi}; gcc -o $out/bin/x main.c -lffi''; }`;

  test("a package that they lead to", async () => {
    await passing(linked(`"libffi8"`));
    await passing(linked(`"libffi-dev"`));
  });

  test("a package that they do not lead to; the essential ones need not be named", async () => {
    const message = await broken(linked(`"zlib1g"`));
    expect(message).toContain(
      "bin/x needs libffi.so.8 of libffi8, which systemRunDependencies does not lead to",
    );
    expect(message).not.toContain("libc6, which");
  });
});

test("architecture: a file for another machine", async () => {
  const script = `${main("int main(void) { return 0; }")}; gcc -o x main.c
    printf '\\267' | dd of=x bs=1 seek=18 conv=notrunc; cp x $out/bin/x`;
  expect(await broken(`build { ${c} buildScript = ''${script}''; }`)).toContain(
    "bin/x is for aarch64 (64 bit), for which the system has no loader; it is x86_64",
  );
});

describe("unreadable", () => {
  test("a truncated file", async () => {
    const script = `${main("int main(void) { return 0; }")}; gcc -o x main.c; head -c 9000 x >$out/bin/x`;
    expect(await broken(`build { ${c} buildScript = ''${script}''; }`)).toContain(
      "bin/x cannot be read: the file is truncated: it ends before its segments do",
    );
  });

  test("a file that needs 100,000 libraries", async () => {
    const source = join(folder, "hostile");
    mkdirSync(source);
    writeFileSync(join(source, "x.so"), manyNeeded(100_000));
    expect(await broken(`build { src = ${source}; buildScript = "cp x.so $out"; }`)).toMatch(
      /x\.so cannot be read: its dynamic section has no end/,
    );
  });

  test("a wheel that unpacks to far more than it is", async () => {
    const source = join(folder, "bomb");
    mkdirSync(source);
    writeFileSync(join(source, "make.py"), bombMaker);
    const message = await broken(
      `build { src = ${source}; systemBuildDependencies = [ "python3-minimal" ]; buildScript = "python3 make.py $out/bomb-1-py3-none-any.whl"; }`,
    );
    expect(message).toMatch(/bomb-1-py3-none-any\.whl.* cannot be read: /);
  });
});

test("libraries that need each other, found by RUNPATHs that go in circles", async () => {
  const report = await passing(`build { ${c} buildScript = ''
    mkdir -p $out/a $out/b $out/bin; ln -s . $out/a/again
    echo 'int b(void); int a(void) { return b(); }' >a.c; echo 'int a(void); int b(void) { return a(); }' >b.c
    gcc -shared -o libb.so b.c
    gcc -shared -o $out/a/liba.so a.c -L. -lb -Wl,-rpath,'$ORIGIN/again/again/../b'
    gcc -shared -o $out/b/libb.so b.c -L$out/a -la -Wl,-rpath,'$ORIGIN/../a/again'
    echo 'int a(void); int main(void) { return a == 0; }' >main.c
    gcc -o $out/bin/x main.c -L$out/a -la -Wl,-rpath,'$ORIGIN/../a' -Wl,--allow-shlib-undefined
  ''; }`);
  const a = report.files.find(({ path }) => path === "a/liba.so");
  expect(a?.needed.find(({ soname }) => soname === "libb.so")).toMatchObject({
    path: "b/libb.so",
    provider: { kind: "output" },
  });
});

/** A shared library whose dynamic section asks for `count` libraries. */
function manyNeeded(count: number): Buffer {
  const dynamic = 64 + 2 * 56;
  const strings = dynamic + (count + 3) * 16;
  const file = Buffer.alloc(strings + 16);
  file.write("\x7fELF\x02\x01\x01", 0, "latin1");
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const numbers = (at: number, ...values: number[]) => {
    for (const [index, value] of values.entries()) file.writeBigUInt64LE(BigInt(value), at + index * 8);
  };
  file.writeUInt32LE(1, 64);
  numbers(72, 0, 0, 0, file.length, file.length);
  file.writeUInt32LE(2, 120);
  numbers(128, dynamic, dynamic, dynamic, (count + 3) * 16, (count + 3) * 16);
  for (let index = 0; index < count; index++) numbers(dynamic + index * 16, 1, 1);
  numbers(dynamic + count * 16, 5, strings, 10, 16);
  file.write("\0libz.so.1\0", strings, "latin1");
  return file;
}

/** Writes a wheel with a member of 40 GB of which each part is the same few kB: a bomb without the time to make one. */
const bombMaker = `import struct, sys, zlib
size = 40 * 1024 ** 3
block = zlib.compressobj(9, zlib.DEFLATED, -15)
head = b"\\x7fELF" + bytes(1024 * 1024 - 4)
first = block.compress(head) + block.flush(zlib.Z_FULL_FLUSH)
block = zlib.compressobj(9, zlib.DEFLATED, -15)
again = block.compress(bytes(1024 * 1024)) + block.flush(zlib.Z_FULL_FLUSH)
data = first + again * (size // 1024 ** 2 - 1) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
name = b"bomb/x.so"
extra = struct.pack("<HHQQ", 1, 16, size, len(data))
local = struct.pack("<4s5H3I2H", b"PK\\3\\4", 45, 0, 8, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra)) + name + extra
central = struct.pack("<4s6H3I5H2I", b"PK\\1\\2", 45, 45, 0, 8, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra), 0, 0, 0, 0, 0) + name + extra
with open(sys.argv[1], "wb") as stream:
    stream.write(local + data)
    at = stream.tell()
    stream.write(central)
    stream.write(struct.pack("<4s4H2IH", b"PK\\5\\6", 0, 0, 1, 1, len(central), at, 0))
`;
