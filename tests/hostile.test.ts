/**
 * Builds, sources and wheels that mean harm: the same result however files move, or one clear error; no
 * disk that fills, nothing that is left.
 */
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { treeOf } from "../helper/testing/trees.ts";
import { expectNothingLeft, mustBuild, nixBuild } from "./support/nix.ts";
import { must } from "./support/run.ts";

const transfers = ["bind", "stream"] as const;
const folder = mkdtempSync(join(tmpdir(), "voyager-hostile-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await expectNothingLeft();
});

/** Text as a Nix string of several lines. */
const nixText = (text: string) => `''${text.replaceAll("''", "'''").replaceAll("${", "''${")}\n''`;

/** Builds all of them, which must fail; what the user reads. Several at once, as each waits for most of its time. */
async function failures(builds: string[]): Promise<string> {
  const { status, stdout, stderr } = await nixBuild(`[ ${builds.map((one) => `(${one})`).join("\n")} ]`, [
    "--keep-going",
    "--max-jobs",
    "4",
  ]);
  expect({ status: status === 0, stdout, stderr }).toMatchObject({ status: false, stdout: "" });
  for (const [, output] of stderr.matchAll(/: (\/nix\/store\/[0-9a-z]{32}-[\w.-]+)\//g)) {
    expect(existsSync(output ?? "")).toBe(false);
  }
  return stderr;
}

/** What the store has of an output: all but the records of the build. */
function contentOf(output: string): Record<string, string> {
  return Object.fromEntries([...treeOf(output)].filter(([path]) => !path.startsWith("nix-support")));
}

/** Builds it in both ways; what is in the store must be the same. */
async function sameInBoth(
  name: string,
  script: string,
): Promise<{ output: string; content: Record<string, string> }> {
  const builds = transfers.map(
    (transfer) =>
      `(build { pname = "${name}"; transfer = "${transfer}"; buildScript = ${nixText(script)}; })`,
  );
  const [bound = "", streamed = ""] = await mustBuild(`[ ${builds.join(" ")} ]`);
  const content = contentOf(streamed);
  expect(contentOf(bound)).toEqual(content);
  // What trees say leaves large files unread; Nix does not.
  const hashes = await Promise.all(
    [bound, streamed].map((path) => must("nix-hash", ["--type", "sha256", join(path, "tree")])),
  );
  expect(hashes[0]).toBe(hashes[1]);
  return { output: streamed, content };
}

describe("outputs", () => {
  test("what a store can have comes out the same, however odd it is", async () => {
    const { output, content } = await sameInBoth(
      "odd",
      `
      mkdir $out/tree; cd $out/tree
      printf x > $'two\\nlines'; printf x > $'\\xff\\xfe'; printf x > "$(printf 'n%.0s' $(seq 255))"
      printf x > $'\\e[2J'; printf x > ' '; printf x > -rf; printf x > 'a\\b'; printf 1 > README; printf 22 > readme
      ln -s /etc/passwd absolute; ln -s ../../.. out; ln -s $'\\xff\\n' odd-link; ln -s loop loop; ln -s . self
      ln README hard; ln README ../hard
      mkdir closed sticky sgid; printf x > closed/file; chmod 000 closed/file closed; chmod 1777 sticky; chmod 2755 sgid
      printf x > write-only; chmod 222 write-only; printf x > execute-only; chmod 011 execute-only
      perl -e 'for (1..1500) { mkdir "d"; chdir "d" } open(F, ">bottom"); print F "x"' 
      truncate -s 600M holes; printf end >> holes; printf begin | dd of=holes conv=notrunc status=none
      mkdir $'w\\xff'; printf x > $'w\\xff/x'
    `,
    );
    expect(content["tree/hard"]).toBe(content["tree/README"]);
    expect(content["tree/absolute"]).toBe("link /etc/passwd");
    expect(content["tree/odd-link"]).toBe("link \xff\n");
    expect(content["tree/\xff\xfe"]).toMatch(/^file 444 1 /);
    expect(content["tree/closed/file"]).toMatch(/^file 444 1 /);
    expect(content[`tree/${"d/".repeat(1500)}bottom`]).toMatch(/^file 444 1 /);
    const holes = lstatSync(join(output, "tree/holes"));
    expect([holes.size, holes.blocks * 512 < 10e6]).toEqual([600 * 1024 ** 2 + 3, true]);
  });

  test.each(transfers)(
    "what no store has is refused by us, not by Nix, and names the entry: %s",
    async (transfer) => {
      const scripts = {
        setuid: "touch $out/f; chmod 4755 $out/f",
        setgid: "touch $out/f; chmod 2755 $out/f",
        fifo: "mkdir $out/d; mkfifo $out/d/f",
        socket: `cd $out; perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("f")) or die'`,
        deep: `cd $out; perl -e 'for (1..2000) { mkdir "d"; chdir "d" }'`,
        holes: "truncate -s 4T $out/f",
        line: "mkfifo $out/$'x\\n@nix {}'",
      };
      const builds = Object.entries(scripts).map(
        ([name, script]) =>
          `build { pname = "refused-${name}"; transfer = "${transfer}"; buildScript = ${nixText(script)}; }`,
      );
      const text = await failures(builds);
      expect(text).toMatch(/holds a setuid or setgid file: \/nix\/store\/\w+-refused-setuid-1\/f/);
      expect(text).toMatch(/holds a setuid or setgid file: \/nix\/store\/\w+-refused-setgid-1\/f/);
      expect(text).toMatch(/holds a FIFO: \/nix\/store\/\w+-refused-fifo-1\/d\/f/);
      expect(text).toMatch(/holds a socket: \/nix\/store\/\w+-refused-socket-1\/f/);
      expect(text).toMatch(/has a path of more than 3500 bytes: \/?nix\/store\/\w+-refused-deep-1\/d\/d\/d/);
      expect(text).toMatch(/more than 64 GiB in holes: \/?nix\/store\/\w+-refused-holes-1\/f/);
      expect(text).toMatch(/holds a FIFO: \/nix\/store\/\w+-refused-line-1\/x\\x0a@nix \{\}/);
      expect(text.match(/failed with exit code 76/g)?.length).toBe(Object.keys(scripts).length);
      expect(text).not.toMatch(/internal|defect|is left behind/);
    },
  );

  test("200,000 files in one folder", async () => {
    const [output = ""] = await mustBuild(`build { pname = "many"; transfer = "stream";
      buildScript = "mkdir $out/d; cd $out/d; seq 200000 | xargs touch"; }`);
    expect(readdirSync(join(output, "d")).length).toBe(200_000);
  });

  test("a process that goes on rewriting the output changes nothing after the script has ended", async () => {
    const script = `
      mkdir $out/tree
      cat > rewrite <<'END'
      trap "" TERM HUP INT
      cd $out/tree
      while :; do
        rm -rf a; mkdir a; printf 12345 > a/f; ln -sfn / a/l
        rm -rf a; ln -s / a; rm a; mkfifo a; rm a; printf 1 > a; rm a
      done
END
      setsid bash rewrite </dev/null >/dev/null 2>&1 &
      setsid bash rewrite </dev/null >/dev/null 2>&1 &
      disown -a
      touch $out/tree/stays
      sleep 0.5
    `;
    // What it left is up to chance; a FIFO is refused. Never is it something that was half read.
    const builds = transfers.flatMap((transfer) =>
      [1, 2, 3].map(
        (run) =>
          `build { pname = "rewritten-${run}"; transfer = "${transfer}"; buildScript = ${nixText(script)}; }`,
      ),
    );
    const { stdout, stderr } = await nixBuild(`[ ${builds.map((one) => `(${one})`).join(" ")} ]`, [
      "--keep-going",
    ]);
    const outputs = stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "");
    const errors = [...stderr.matchAll(/nix-voyager: error: (.*)/g)].map(([, what]) => what);
    for (const what of errors) expect(what).toMatch(/the output holds a FIFO: .*\/tree\/a$/);
    for (const output of outputs) {
      const content = contentOf(output);
      const rest = Object.entries(content).filter(([path]) => !["tree", "tree/stays"].includes(path));
      for (const [path, what] of rest) {
        expect([path, what]).toEqual([
          // ln -f makes a link under another name first.
          expect.stringMatching(/^tree\/a(\/f|\/l|\/Cu\w{6})?$/),
          expect.stringMatching(/^(folder 555|link \/|file 444 [015] .*)$/),
        ]);
      }
    }
    if (outputs.length === 0) expect(errors.length).toBeGreaterThan(0);
  });
});

/** Has Python make files in the folder; `tar` and `zip` take names with their content. */
function makeFiles(script: string): Promise<string> {
  const prelude = `
import bz2, gzip, io, os, stat, struct, sys, tarfile, warnings, zipfile
warnings.simplefilter("ignore")
os.chdir(sys.argv[1])
def info(name, kind=tarfile.REGTYPE, link="", **fields):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    for field, value in fields.items(): setattr(made, field, value)
    return made
def tar(file, *members):
    with tarfile.open(file, "w") as t:
        for one, data in members:
            one = one if isinstance(one, tarfile.TarInfo) else info(one)
            one.size = len(data)
            t.addfile(one, io.BytesIO(data))
def zip(file, *members):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members: z.writestr(name, data)
`;
  return must("python3", ["-c", prelude + script, folder]);
}

describe("sources", () => {
  test("whatever an archive says, it is unpacked into the source's folder, or refused", async () => {
    await makeFiles(`
tar("absolute.tar", ("/build/evil", b"x"), ("/nix/store/evil", b"x"), ("d/a", b""))
tar("parent.tar", ("../evil", b"x"), ("d/../../evil", b"x"), ("d/a", b""))
tar("symlink.tar", (info("d/l", tarfile.SYMTYPE, "../.."), b""), ("d/l/evil", b"x"), ("d/a", b""))
tar("twice.tar", ("d/a", b"first"), ("d/a", b"second"), (info("d/a2", tarfile.SYMTYPE, "/build/.voyager/build-script"), b""), ("d/a2", b"x"))
tar("hardlink.tar", (info("d/h", tarfile.LNKTYPE, "/build/.voyager/build-script"), b""), ("d/h", b"x"))
tar("device.tar", (info("d/null", tarfile.CHRTYPE, devmajor=1, devminor=3), b""), ("d/a", b""))
l = zipfile.ZipInfo("d/l"); l.create_system = 3; l.external_attr = (stat.S_IFLNK | 0o777) << 16
zip("parent.zip", ("../evil", b"x"), ("d/../../evil", b"x"), ("/build/evil", b"x"), (l, b"../.."), ("d/l/evil", b"x"), ("d/a", b""))`);
    const script = `
      cd /build; ls -A > $out/build; ls -A /nix/store > $out/store
      find source -name a -exec cat {} + > $out/a
      find . -name evil -not -path './source/*' > $out/evil
    `;
    const builds = [
      "absolute.tar",
      "parent.tar",
      "symlink.tar",
      "twice.tar",
      "hardlink.tar",
      "device.tar",
      "parent.zip",
    ].map(
      (name) =>
        `(build { pname = "source-${name.replace(".", "-")}"; src = ${folder}/${name}; buildScript = ${nixText(script)}; })`,
    );
    const { stdout, stderr } = await nixBuild(`[ ${builds.join("\n")} ]`, [
      "--keep-going",
      "--max-jobs",
      "4",
    ]);
    for (const output of stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "")) {
      const read = (name: string) => must("cat", [join(output, name)]);
      expect(await read("build")).not.toContain("evil");
      expect(await read("store")).not.toContain("evil");
      expect(await read("evil")).toBe("");
      if (output.includes("twice")) expect(await read("a")).toBe("second");
    }
    for (const [, what] of stderr.matchAll(/nix-voyager: error: (.*)/g)) {
      expect(what).toMatch(
        /source-(\w+)-(tar|zip)-1: source '.*' looks like (tar|zip), but unpacking it as an archive failed/,
      );
    }
    expect(stderr).toMatch(/source-device-tar-1: source '.*-device.tar' looks like tar/);
    expect(stderr).not.toMatch(/source-(twice|absolute)-tar-1: source/);
  });

  test("bombs end when they have unpacked too much, whatever they say of themselves", async () => {
    await makeFiles(`
same = gzip.compress(bytes(1 << 20))
one = info("d/zeros"); one.size = 2 << 30
open("bomb.tar.gz", "wb").write(gzip.compress(one.tobuf(tarfile.GNU_FORMAT)) + same * 2048 + gzip.compress(bytes(1024)))
zip("bomb.zip", *((f"d/{n}", bytes(100 << 20)) for n in range(5)))
data = open("bomb.zip", "rb").read()
open("liar.zip", "wb").write(data.replace(struct.pack("<I", 100 << 20), struct.pack("<I", 7)))
# Its entries share their data.
data = bytearray(data); at = data.index(b"PK\\1\\2")
for n in range(5): data[at + 42:at + 46] = bytes(4); at = data.find(b"PK\\1\\2", at + 1)
open("overlap.zip", "wb").write(data)`);
    const names = ["bomb.tar.gz", "bomb.zip", "liar.zip", "overlap.zip"];
    const text = await failures(
      names.map(
        (name) =>
          `build { pname = "${name.replaceAll(".", "-")}"; src = ${folder}/${name}; buildScript = "touch $out/x"; }`,
      ),
    );
    for (const name of names.slice(0, 3)) {
      const bomb = `${name.replaceAll(".", "-")}-1: source '/nix/store/\\w+-${name}' unpacks to more than \\d+ bytes`;
      expect(text).toMatch(new RegExp(bomb));
    }
    expect(text).toMatch(/overlap-zip-1: source '.*' (looks like zip, but|unpacks to more)/);
    expect(text.match(/failed with exit code 66/g)?.length).toBe(names.length);
  });
});

/** A source whose backend makes a wheel with a compiled file; `more` is Python with the open archive `z`. */
async function backend(
  name: string,
  more: string,
  record = 'f"x.so,sha256={digest},{len(so)}\\n"',
): Promise<string> {
  const source = join(folder, name);
  await must("mkdir", [source]);
  const project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n';
  const code = `
import base64, hashlib, os, shutil, subprocess, warnings, zipfile
warnings.simplefilter("ignore")
def build_wheel(directory, config_settings=None, metadata_directory=None):
    open("x.c", "w").write("int f(void) { return 0; }")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "x.so", "x.c"], check=True)
    so = open("x.so", "rb").read()
    digest = base64.urlsafe_b64encode(hashlib.sha256(so).digest()).rstrip(b"=").decode()
    name = "hostile_${name}-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as z:
        z.writestr(zipfile.ZipInfo("x.so"), so)
        z.writestr(zipfile.ZipInfo("hostile_${name}-1.dist-info/WHEEL"), "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        z.writestr(zipfile.ZipInfo("hostile_${name}-1.dist-info/METADATA"), "Metadata-Version: 2.1\\nName: hostile-${name}\\nVersion: 1\\n")
        z.writestr(zipfile.ZipInfo("hostile_${name}-1.dist-info/RECORD"), ${record})
        ${more}
    return name
`;
  await must("python3", [
    "-c",
    "import sys; [open(sys.argv[1] + '/' + n, 'w').write(t) for n, t in zip(('pyproject.toml', 'backend.py'), sys.argv[2:])]",
    source,
    project,
    code,
  ]);
  return source;
}

test("wheels of a hostile backend are refused, and left out of the store", async () => {
  const sources = {
    good: await backend("good", "pass"),
    twice: await backend("twice", 'z.writestr("x.so", b"another")'),
    out: await backend("out", 'z.writestr("../../evil.so", so)'),
    absolute: await backend("absolute", 'z.writestr("/tmp/evil.so", so)'),
    record: await backend("record", "pass", 'f"x.so,sha256={digest[::-1]},{len(so)}\\n"'),
    records: await backend("records", "pass", 'f"x.so,sha256={digest},1\\nx.so,sha256={digest[::-1]},1\\n"'),
  };
  const build = (name: string, source: string) => `wheel { pname = "hostile-${name}"; src = ${source}; }`;
  const [good = ""] = await mustBuild(build("good", sources.good));
  expect(readdirSync(good)).toContain("hostile_good-1-py3-none-any.whl");
  const { good: _good, ...hostile } = sources;
  const text = await failures(Object.entries(hostile).map(([name, source]) => build(name, source)));
  expect(text).toMatch(/hostile-twice-1: 'hostile_twice-1-py3-none-any.whl' has two members 'x.so'/);
  expect(text).toMatch(/\.\.\/\.\.\/evil\.so/);
  expect(text).toMatch(/absolute/);
  expect(text.match(/its RECORD has another hash of x\.so than the file has/g)?.length).toBe(2);
  expect(text).not.toMatch(/internal|defect/);
});
