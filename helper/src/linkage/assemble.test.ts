import type { ElfFacts } from "./elf/facts.ts";
import { assembleFile, type Places, type ReadFile } from "./assemble.ts";
import { assemblePackages } from "./packages.ts";

const store = "/nix/store";
const out = `${store}/0123456789abcdfghijklmnpqrsvwxyz-x-1`;
const owner = { package: "zlib1g", arch: "amd64", version: "1:1.2", source: "zlib", sourceVersion: "1:1.2" };
const facts: ElfFacts = {
  class: 64,
  machine: "x86_64",
  machineNumber: 62,
  type: "executable",
  dynamic: true,
  interpreter: "/lib64/ld-linux-x86-64.so.2",
  soname: null,
  needed: ["libz.so.1", "liba.so", "libgone.so.1", "libz.so.1"],
  rpath: ["/r"],
  runpath: ["$ORIGIN"],
  versionsNeeded: { "libz.so.1": ["ZLIB_2", "ZLIB_1"] },
  buildId: "01",
  dlopen: [],
};
const read: ReadFile = { output: "out", path: "bin/x", inside: `${out}/bin/x`, facts };
const own: ReadFile = { ...read, path: "w.whl!/liba.so", inside: "/build/audit/1/liba.so" };
const places: Places = {
  store,
  own: new Map([[own.inside, own]]),
  ownFolders: [out, "/build/audit"],
  ownerOf: (path) => (path === "/usr/lib/libz.so.1.2" || path === "/usr/lib/libz.a" ? owner : null),
};
const loads = (soname: string, realPath: string) => ({ soname, path: `/link/${soname}`, realPath });
const loaded = [
  loads("libz.so.1", "/usr/lib/libz.so.1.2"),
  loads("liba.so", own.inside),
  loads("libn.so", `${store}/1123456789abcdfghijklmnpqrsvwxyz-openssl-3/lib/libn.so`),
  loads("libu.so", "/opt/libu.so"),
];
const file = assembleFile(read, loaded, ["/usr/lib/libz.a"], places);

test("what a file needs: each once, with the real path, the package and the versions", () => {
  expect(file.needed).toEqual([
    {
      soname: "libz.so.1",
      path: "/usr/lib/libz.so.1.2",
      provider: { kind: "system", package: "zlib1g", version: "1:1.2", source: "zlib" },
      symbolVersions: ["ZLIB_1", "ZLIB_2"],
    },
    {
      soname: "liba.so",
      path: "w.whl!/liba.so",
      provider: { kind: "output", package: null, version: null, source: null },
      symbolVersions: [],
    },
    {
      soname: "libgone.so.1",
      path: null,
      provider: { kind: "unresolved", package: null, version: null, source: null },
      symbolVersions: [],
    },
  ]);
  expect(file.runpath).toEqual(["/r", "$ORIGIN"]);
});

test("what the loader loads in turn: from the Nix store by its name there, without an owner as nobody's", () => {
  expect(file.closure.map(({ soname, provider }) => [soname, provider.kind, provider.package])).toEqual([
    ["liba.so", "output", null],
    ["libn.so", "nix", "openssl-3"],
    ["libu.so", "system", null],
    ["libz.so.1", "system", "zlib1g"],
  ]);
});

test("packages: linked and copied ones apart, the least version only of what is linked", () => {
  const known = {
    osRelease: { ID: "debian", VERSION_ID: "12" },
    packageNamed: (name: string) => (name === "zlib1g" ? owner : null),
    minimumVersions: new Map([["zlib1g", "1:1.1"]]),
  };
  const packages = assemblePackages([file], [], known);
  expect(
    packages.map(({ name, relation, direct, minimumVersion, sonames }) => [
      name,
      relation,
      direct,
      minimumVersion,
      sonames,
    ]),
  ).toEqual([
    ["zlib1g", "linked", true, "1:1.1", ["libz.so.1"]],
    ["zlib1g", "static", true, null, ["libz.a"]],
  ]);
  const copies = [
    {
      soname: "libz.so.1",
      provider: file.needed[0]?.provider ?? { kind: "system", package: null, version: null, source: null },
    },
  ] as const;
  expect(assemblePackages([], [...copies], known).map(({ relation }) => relation)).toEqual(["bundled"]);
});
