import type { Library, Needed, Provider, ReportFile } from "../report.ts";
import { judge, matches } from "./check.ts";
import type { Audited, LoaderFindings } from "./rule.ts";

const store = "/nix/store";
const out = `${store}/0123456789abcdfghijklmnpqrsvwxyz-x-1`;
const nixLibrary = `${store}/1123456789abcdfghijklmnpqrsvwxyz-openssl-3/lib`;
const libc: Provider = { kind: "system", package: "libc6", version: "2.36-9", source: "glibc" };
const loader = "/lib64/ld-linux-x86-64.so.2";
const fine: LoaderFindings = { loader, missing: [], missingVersions: [], error: null };

const library = (soname: string, path: string | null, provider: Provider): Library => ({
  soname,
  path,
  provider,
});
const needs = (one: Library): Needed => ({ ...one, symbolVersions: [] });
const inSystem = (soname: string, name: string | null) =>
  library(soname, `/usr/lib/${soname}`, { ...libc, package: name });
const inNix = (soname: string) =>
  library(soname, `${nixLibrary}/${soname}`, {
    kind: "nix",
    package: "openssl-3",
    version: null,
    source: null,
  });

function file(change: Partial<ReportFile> = {}): ReportFile {
  const ours = needs(inSystem("libc.so.6", "libc6"));
  return {
    output: "out",
    path: "bin/x",
    type: "executable",
    class: 64,
    machine: "x86_64",
    dynamic: true,
    buildId: null,
    interpreter: loader,
    soname: null,
    runpath: [],
    needed: [ours],
    dlopen: [],
    static: [],
    closure: [ours],
    ...change,
  };
}

function audited(one: ReportFile, found: Partial<LoaderFindings> = {}, rest: Partial<Audited> = {}): Audited {
  return {
    files: [one],
    findings: new Map([[one, { ...fine, ...found }]]),
    unreadable: [],
    store,
    outputs: [out],
    machine: "x86_64",
    systemLibraries: new Map([
      ["libz.so.1", { path: "/usr/lib/libz.so.1", provider: { ...libc, package: "zlib1g" } }],
    ]),
    covered: null,
    ...rest,
  };
}

/** "rule soname: message" of each problem. */
const problems = (what: Audited) =>
  judge(what, []).problems.map(({ rule, soname, message }) => `${rule} ${soname}: ${message}`);

test("a file that links to the system breaks no rule", () => {
  expect(problems(audited(file()))).toEqual([]);
});

describe("nix-store", () => {
  test("a library there, needed directly or in turn", () => {
    const one = file({
      needed: [needs(inNix("libssl.so.3"))],
      closure: [inNix("libssl.so.3"), inNix("libcrypto.so.3")],
    });
    expect(problems(audited(one))).toEqual([
      `nix-store libcrypto.so.3: bin/x gets libcrypto.so.3 from the Nix store: ${nixLibrary}/libcrypto.so.3`,
      `nix-store libssl.so.3: bin/x gets libssl.so.3 from the Nix store: ${nixLibrary}/libssl.so.3`,
    ]);
  });

  test("RUNPATH and interpreter there, but not RUNPATH into the build's own output", () => {
    const one = file({
      runpath: [nixLibrary, `${out}/lib`, "$ORIGIN"],
      interpreter: `${nixLibrary}/ld-linux-x86-64.so.2`,
    });
    expect(problems(audited(one))).toEqual([
      `nix-store ld-linux-x86-64.so.2: bin/x is started by a loader in the Nix store: ${nixLibrary}/ld-linux-x86-64.so.2`,
      `nix-store null: the RUNPATH of bin/x names the Nix store: ${nixLibrary}`,
    ]);
  });

  test("an allowed library allows the folder that it is found in, and no other", () => {
    const one = file({
      runpath: [nixLibrary, `${store}/other/lib`],
      needed: [needs(inNix("libssl.so.3"))],
      closure: [],
    });
    const judged = judge(audited(one), [{ soname: "libssl.so.*", file: null, rule: null, reason: "ours" }]);
    expect(judged.allowed.map(({ message, reason }) => [message, reason])).toEqual([
      [`bin/x gets libssl.so.3 from the Nix store: ${nixLibrary}/libssl.so.3`, "ours"],
      [`the RUNPATH of bin/x names the Nix store: ${nixLibrary}`, "ours"],
    ]);
    expect(judged.problems.map(({ message }) => message)).toEqual([
      `the RUNPATH of bin/x names the Nix store: ${store}/other/lib`,
    ]);
  });
});

describe("unresolved", () => {
  test.each(["/opt/none/ld.so", `${out}/lib/ld.so`, "lib/ld.so"])(
    "a loader that is not the system's: %s",
    (own) => {
      expect(problems(audited(file({ interpreter: own })))).toEqual([
        `unresolved ld.so: bin/x is started by ${own}, which is not the system's loader: that is ${loader}`,
      ]);
    },
  );

  const gone: Provider = { kind: "unresolved", package: null, version: null, source: null };

  test("a library that is not found, once though two sources say so", () => {
    const one = file({ needed: [needs(library("libgone.so.1", null, gone))] });
    expect(problems(audited(one, { missing: ["libgone.so.1", "libdeep.so.2"] }))).toEqual([
      "unresolved libdeep.so.2: a library that bin/x needs in turn needs libdeep.so.2, which the system's loader does not find",
      "unresolved libgone.so.1: bin/x needs libgone.so.1, which the system's loader does not find",
    ]);
  });

  test("a symbol version that the library does not have, and a file that the loader refuses", () => {
    const missingVersions = [{ soname: "libc.so.6", version: "GLIBC_2.99", neededBy: "bin/x" }];
    expect(problems(audited(file(), { missingVersions }))).toEqual([
      "unresolved libc.so.6: bin/x needs GLIBC_2.99 of libc.so.6, which the system's does not have",
    ]);
    expect(problems(audited(file(), { error: "file too short" }))).toEqual([
      "unresolved null: the system's loader says nothing of bin/x: file too short",
    ]);
  });
});

test("architecture: no loader, or a static file for another processor; an object file is none", () => {
  const foreign = file({ machine: "aarch64" });
  const message =
    "architecture null: bin/x is for aarch64 (64 bit), for which the system has no loader; it is x86_64";
  expect(problems(audited(foreign, { loader: null, missing: ["libc.so.6"] }))).toEqual([message]);
  expect(problems(audited(foreign, {}, { findings: new Map() }))).toEqual([message]);
  const object = file({ machine: "bpf", type: "relocatable" });
  expect(problems(audited(object, {}, { findings: new Map() }))).toEqual([]);
});

describe("bundled", () => {
  test.each([
    ["lib/libz.so.1", "libz.so.1"],
    ["lib/libz.so.1.2.13", null],
    ["x.whl!/x.libs/libz-1a2b3c4d.so.1.2.11", "libz-1a2b3c4d.so.1.2.11"],
    ["lib/renamed.so", "libz.so.1"],
  ])("%s with soname %s is the system's", (path, soname) => {
    const one = file({ path, soname, type: "library" });
    expect(problems(audited(one))).toEqual([
      `bundled libz.so.1: ${path} is a copy of libz.so.1, which the system has in zlib1g`,
    ]);
  });

  test.each([
    ["lib/libz.so.2", "libz.so.2"],
    ["bcrypt/_bcrypt.abi3.so", null],
    ["lib/libz.so", null],
    ["lib/libmyz.so.1", "libmyz.so.1"],
  ])("%s with soname %s is not", (path, soname) => {
    expect(problems(audited(file({ path, soname, type: "library" })))).toEqual([]);
  });
});

test("static: the library and its package by name", () => {
  const one = file({
    output: "dev",
    static: [{ archive: "/usr/lib/libz.a", provider: { ...libc, package: "zlib1g-dev" } }],
  });
  expect(judge(audited(one), []).problems).toEqual([
    {
      file: "dev:bin/x",
      soname: "libz.a",
      rule: "static",
      message: "dev:bin/x has libz.a of zlib1g-dev linked into it, which no update of the system reaches",
    },
  ]);
});

test("unowned: a file of the system that no package has", () => {
  expect(problems(audited(file({ closure: [inSystem("libmine.so", null)] })))).toEqual([
    "unowned libmine.so: bin/x gets libmine.so from /usr/lib/libmine.so, which belongs to no package of the system",
  ]);
});

test("run-dependencies: only when declared, and only what the file itself needs", () => {
  const one = file({ closure: [inSystem("libc.so.6", "libc6"), inSystem("libm.so.6", "deep")] });
  expect(problems(audited(one, {}, { covered: new Set(["libc6"]) }))).toEqual([]);
  expect(problems(audited(one, {}, { covered: new Set() }))).toEqual([
    "run-dependencies libc.so.6: bin/x needs libc.so.6 of libc6, which systemRunDependencies does not lead to",
  ]);
});

test("unreadable: files and archives by name", () => {
  const unreadable = [{ output: "out", path: "x.whl!/y.so", message: "the file ends early" }];
  expect(problems(audited(file(), {}, { unreadable }))).toEqual([
    "unreadable null: x.whl!/y.so cannot be read: the file ends early",
  ]);
});

describe("allowances", () => {
  const one = file({ static: [{ archive: "/usr/lib/libz.a", provider: libc }] });

  test.each([
    [{ soname: "libz.a", file: null, rule: null }, true],
    [{ soname: null, file: "bin/*", rule: "static" as const }, true],
    [{ soname: "libz.a", file: "lib/*", rule: null }, false],
    [{ soname: "libz.a", file: null, rule: "bundled" as const }, false],
    [{ soname: "libz", file: null, rule: null }, false],
  ])("%j allows it: %s", (allowance, isAllowed) => {
    const judged = judge(audited(one), [{ ...allowance, reason: "why" }]);
    expect(judged.allowed.map(({ reason }) => reason)).toEqual(isAllowed ? ["why"] : []);
    expect(judged.problems).toHaveLength(isAllowed ? 0 : 1);
    expect(judged.unused).toHaveLength(isAllowed ? 0 : 1);
  });
});

test.each([
  ["a*c", "abc", true],
  ["a*c", "ac", true],
  ["a*a", "a", false],
  ["*.so.*", "libz.so.1", true],
  ["*", "", true],
  ["a*b*c", "a-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["libz.so", "libzXso", false],
])("pattern %s on %s: %s", (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected));
