import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fakeElf } from "../../../testing/fake-elf.ts";
import { temporaryFolders } from "../../../testing/folders.ts";
import { otherLibrary, report, reportFile, reportPackage, systemLibrary } from "../../../testing/reports.ts";
import type { Library, Report, ReportFile } from "../../linkage/report.ts";
import { renderVerifyScript } from "./script.ts";

const folder = temporaryFolders();

/** Shells that a target may have; those of this machine. */
const shells = [
  ["dash", ["dash"]],
  ["bash", ["bash", "--posix"]],
  ["busybox", ["busybox", "sh"]],
].filter(([name]) => ["/bin", "/usr/bin"].some((place) => existsSync(join(place, name as string)))) as [
  string,
  string[],
][];

/** A root folder with these files; a string is where a link leads. */
function target(files: Record<string, Buffer | string>): string {
  const root = folder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    if (typeof content === "string") symlinkSync(content, join(root, path));
    else writeFileSync(join(root, path), content);
  }
  return root;
}

type Finding = [status: string, subject: string, text: string, remedy: string];

/** Runs the script on a root folder, in every shell; they must agree. */
function verify(of: Report, root: string): { status: number | null; findings: Finding[] } {
  const results = shells.map(([, [command = "", ...args]]) => {
    const script = ["-s", "--", "--root", root, "--tsv"];
    const { status, stdout, stderr } = spawnSync(command, [...args, ...script], {
      input: renderVerifyScript(of),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const findings = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t") as Finding);
    return { status, findings };
  });
  const [first, ...others] = results;
  for (const other of others) expect(other).toEqual(first);
  return first as (typeof results)[number];
}

/** Status, and what is said of what. */
function brief(of: Report, root: string): [status: number | null, ...findings: string[]] {
  const { status, findings } = verify(of, root);
  return [status, ...findings.map(([status, subject]) => `${status} ${subject}`)];
}

const ssl = systemLibrary("libssl3");
const wheel = (libraries: Library[], more: Partial<ReportFile> = {}) =>
  report([reportFile("x.whl!/x.so", libraries, more)], [reportPackage("libssl3")]);

const lib = "usr/lib/x86_64-linux-gnu";
const goodSsl = fakeElf(["libssl.so.3", "OPENSSL_3.0.0", "SSL_new"]);

test("there are shells to try", () => expect(shells.length).toBeGreaterThan(1));

test("a library with its symbol versions", () => {
  const root = target({ [`${lib}/libssl.so.3`]: goodSsl });
  expect(verify(wheel([ssl]), root)).toEqual({
    status: 0,
    findings: [["ok", "libssl.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3", ""]],
  });
});

test("links of the target lead to places in the target, and in circles nowhere", () => {
  const root = target({
    lib: "/usr/lib",
    [`${lib}/libssl.so.3`]: "/etc/alternatives/ssl",
    "etc/alternatives/ssl": "../../opt/ssl/libssl.so.3.0.1",
    "opt/ssl/libssl.so.3.0.1": goodSsl,
    [`${lib}/libz.so.1`]: "libz.so.1.2",
    [`${lib}/libz.so.1.2`]: "libz.so.1",
  });
  const { status, findings } = verify(wheel([ssl, systemLibrary("zlib1g")]), root);
  expect(status).toBe(1);
  expect(findings.map(([status, subject]) => `${status} ${subject}`)).toEqual([
    "ok libssl.so.3",
    "missing libz.so.1",
  ]);
});

test("a symbol version that is missing, or only the end of another one", () => {
  const old = target({ [`${lib}/libssl.so.3`]: fakeElf(["OPENSSL_3.0.00", "XOPENSSL_3.0.0X"]) });
  expect(verify(wheel([ssl]), old)).toEqual({
    status: 1,
    findings: [
      [
        "missing",
        "libssl.so.3",
        "/usr/lib/x86_64-linux-gnu/libssl.so.3 has no symbol version OPENSSL_3.0.0: it is too old",
        "install what has libssl.so.3: on debian12 that is the package libssl3, version 3.0.0 or later",
      ],
    ],
  });
  // A linker may keep one name as the end of another.
  const merged = target({ [`${lib}/libssl.so.3`]: fakeElf(["MYOPENSSL_3.0.0"]) });
  expect(brief(wheel([ssl]), merged)).toEqual([2, "unknown libssl.so.3"]);
});

test("libraries of another architecture do not count", () => {
  const root = target({ "usr/lib/libssl.so.3": fakeElf(["OPENSSL_3.0.0"], "i386") });
  const { status, findings } = verify(wheel([ssl]), root);
  expect(status).toBe(1);
  expect(findings[0]?.[2]).toBe("no such library here; /usr/lib/libssl.so.3 is for another architecture");
  const file = reportFile("x.so", [ssl], { machine: "i386", class: 32 });
  expect(verify(report([file], [reportPackage("libssl3")]), root)).toMatchObject({ status: 0 });
});

test("a soname that has changed is named, with what the system has instead", () => {
  const foo = otherLibrary("libfoo.so.1", "system", "/usr/lib/x86_64-linux-gnu/libfoo.so.1.0");
  const root = target({
    [`${lib}/libfoo.so.2`]: "libfoo.so.2.1",
    [`${lib}/libfoo.so.2.1`]: fakeElf(["libfoo.so.2"]),
    [`${lib}/libfoobar.so.3`]: fakeElf(["libfoobar.so.3"]),
    [`${lib}/libfoo.so`]: "libfoo.so.2",
  });
  expect(verify(wheel([foo]), root)).toEqual({
    status: 1,
    findings: [
      [
        "missing",
        "libfoo.so.1",
        "libfoo.so.1 is gone; the system has libfoo.so.2: must be built again against it",
        "build it again on a system that has libfoo.so.2",
      ],
    ],
  });
  const newer = otherLibrary("libfoo.so.10", "system", null);
  expect(verify(wheel([newer]), root).findings[0]?.[2]).toBe("the system has only the older libfoo.so.2");
});

test("folders of RUNPATH and of ld.so.conf are looked into, others are not", () => {
  const root = target({ "opt/x/lib/libssl.so.3": goodSsl });
  expect(verify(wheel([ssl]), root).status).toBe(1);
  expect(verify(wheel([ssl], { runpath: ["$ORIGIN/a", "/opt/x/lib"] }), root).status).toBe(0);
  mkdirSync(join(root, "etc/ld.so.conf.d"), { recursive: true });
  writeFileSync(join(root, "etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n");
  writeFileSync(join(root, "etc/ld.so.conf.d/x.conf"), "# ours\n/opt/x/lib # too\n");
  expect(verify(wheel([ssl]), root)).toEqual({
    status: 1,
    findings: [
      ["missing", "libssl.so.3", expect.stringContaining("the loader's cache does not know it"), "ldconfig"],
    ],
  });
});

test("libraries of the delivery are not looked for; those of other store paths are", () => {
  const own = otherLibrary("libown.so.1", "output", "lib/libown.so.1");
  const path = "/nix/store/0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd-foo-1.0/lib/libfoo.so.1";
  const foo = otherLibrary("libfoo.so.1", "nix", path);
  const root = target({ "etc/hostname": Buffer.from("x") });
  expect(verify(wheel([own, foo]), root)).toMatchObject({
    status: 1,
    findings: [
      ["missing", "libfoo.so.1", `${path} is not here`, "copy it with nix-copy-closure or nix copy"],
    ],
  });
  expect(verify(wheel([own, foo]), target({ [path.slice(1)]: fakeElf([]) }))).toMatchObject({ status: 0 });
});

test("the loader of executables, and a system with musl", () => {
  const interpreter = "/lib64/ld-linux-x86-64.so.2";
  const program = wheel([systemLibrary("libc6")], { type: "executable", interpreter });
  const alpine = target({ "lib/ld-musl-x86_64.so.1": fakeElf([]) });
  const { status, findings } = verify(program, alpine);
  expect(status).toBe(1);
  expect(findings.map(([, subject, text]) => `${subject}: ${text}`)).toEqual([
    `${interpreter}: the loader that executables name; this system's C library is musl, not glibc`,
    "libc.so.6: this system's C library is musl, not glibc",
  ]);
});

test("what cannot be told is neither there nor missing", () => {
  const ffi = { ...systemLibrary("libxml2") };
  const of = report([reportFile("x.so", [ffi])], [reportPackage("libxml2")]);
  const root = target({ [`${lib}/libxml2.so.2`]: fakeElf(["libxml2.so.2"]) });
  expect(brief(of, root)).toEqual([2, "unknown libxml2.so.2"]);
  expect(verify(of, root).findings[0]?.[2]).toMatch(/no symbol versions to tell by .* as libxml2 2\.7\.4$/);
});

test("libraries loaded while it runs: any of them, and only a note when they are optional", () => {
  const note = { sonames: ["libp11.so.2", "libp11.so.0"], feature: "pkcs11", description: null };
  const optional = wheel([], { dlopen: [{ ...note, priority: "recommended" }] });
  const required = wheel([], { dlopen: [{ ...note, priority: "required" }] });
  const empty = target({ "etc/hostname": Buffer.from("x") });
  expect(brief(optional, empty)).toEqual([0, "note libp11.so.2"]);
  expect(brief(required, empty)).toEqual([1, "missing libp11.so.2"]);
  const root = target({ [`${lib}/libp11.so.0`]: fakeElf([]) });
  expect(brief(required, root)).toEqual([0, "ok libp11.so.0"]);
});

test("whatever a report holds is data", () => {
  const evil =
    "lib'$(touch /tmp/voyager-evil)`touch /tmp/voyager-evil`\"; touch /tmp/voyager-evil #\n\x1b[31m.so";
  const of = wheel([otherLibrary(evil, "system", evil)], {
    machine: evil,
    runpath: [`/${evil}`, "/opt/*"],
    dlopen: [{ sonames: [evil, "-e"], feature: evil, description: evil, priority: evil }],
  });
  of.system.name = evil;
  of.system.osRelease = { ID: evil, VERSION_ID: evil };
  const { status, findings } = verify(of, target({ "etc/hostname": Buffer.from("x") }));
  expect(status).toBe(1);
  expect(findings.every((fields) => fields.length === 4)).toBe(true);
  expect(JSON.stringify(findings)).not.toContain("\\u001b");
  expect(existsSync("/tmp/voyager-evil")).toBe(false);
});

test("devices and pipes that have a library's name do not hold it up", () => {
  const root = target({ [`${lib}/libssl.so.3`]: "/dev/zero", "dev/null": Buffer.from("") });
  spawnSync("mkfifo", [join(root, "dev/zero")]);
  expect(verify(wheel([ssl]), root).status).toBe(1);
});

test("a script does not depend on the order of files, and a delivery without files needs nothing", () => {
  const one = reportFile("a.so", [ssl, systemLibrary("zlib1g")]);
  const other = reportFile("b.so", [systemLibrary("libffi8")]);
  const packages = [reportPackage("libssl3")];
  expect(renderVerifyScript(report([one, other], packages))).toBe(
    renderVerifyScript(report([other, one], packages)),
  );
  expect(verify(report([], []), target({ "etc/hostname": Buffer.from("x") }))).toMatchObject({
    status: 0,
    findings: [],
  });
});

test("a script that was cut off does not say that all is there", () => {
  const script = renderVerifyScript(wheel([ssl]));
  const lines = script.split("\n");
  for (let count = 3; count < lines.length - 2; count += 11) {
    const input = lines.slice(0, count).join("\n");
    for (const [, [command = "", ...args]] of shells) {
      expect(spawnSync(command, [...args, "-s"], { input }).status).not.toBe(0);
    }
  }
});

test("people's output, help and refusals", () => {
  const file = join(folder(), "verify");
  writeFileSync(file, renderVerifyScript(wheel([ssl])));
  chmodSync(file, 0o755);
  const run = (...args: string[]) => spawnSync(file, args, { encoding: "utf8" });
  const root = target({ "etc/os-release": Buffer.from('ID=ubuntu\nVERSION_ID="24.04"\n') });
  expect(run("--root", root, "--quiet").stdout).toBe(`MISSING  libssl.so.3: no such library here
         remedy: install what has libssl.so.3: on debian12 that is the package libssl3, version 3.0.0 or later
1 missing
`);
  expect(run("--root", root).stdout).toContain(
    "note     system: this is ubuntu 24.04; it was built on debian12\n",
  );
  expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Exit status: 0") });
  expect(run("--quite")).toMatchObject({ status: 2, stderr: expect.stringContaining("usage:") });
  expect(run("--root")).toMatchObject({ status: 2, stderr: "verify: --root wants a folder\n" });
  expect(run("--root", "/nowhere")).toMatchObject({ status: 2 });
});
