import { thrownBy } from "../../../testing/logs.ts";
import { SystemLibraries } from "./system-libraries.ts";

const deb = `@@ format
deb\t/var/lib/dpkg
@@ files
/usr/lib/x86_64-linux-gnu/libc.so.6\tlibc6:amd64
/usr/lib/x86_64-linux-gnu/libz.a\tzlib1g-dev:amd64
/opt/old/lib.so\tremoved
@@ cache
libc.so.6\tlibc6,x86-64\t/lib/x86_64-linux-gnu/libc.so.6\t/usr/lib/x86_64-linux-gnu/libc.so.6
libc.so.6\tlibc6\t/lib/i386-linux-gnu/libc.so.6\t/usr/lib/i386-linux-gnu/libc.so.6
@@ packages
libc6:amd64\tlibc6\tamd64\t2.36-9\tglibc\t2.36-9\tno\tlibgcc-s1, libcrypt1 (>= 1:4.4)\tlibc6-2.36
libgcc-s1:amd64\tlibgcc-s1\tamd64\t12.2\tgcc-12\t12.2\tno\tlibc6:any (>= 2.35)\t
zlib1g-dev:amd64\tzlib1g-dev\tamd64\t1\tzlib\t1\tno\tgone | zlib1g (= 1), libc-dev\t
zlib1g:amd64\tzlib1g\tamd64\t1\tzlib\t1\tno\t\t
libc6-dev:amd64\tlibc6-dev\tamd64\t2.36-9\tglibc\t2.36-9\tno\t\tlibc-dev (= 2.36-9)
dash\tdash\tamd64\t0.5\tdash\t0.5\tyes\t\t
@@ provided
@@ end
`;

test("who owns a library or an archive", () => {
  const system = new SystemLibraries(deb);
  expect(system.ownerOf("/usr/lib/x86_64-linux-gnu/libc.so.6")).toEqual({
    package: "libc6",
    arch: "amd64",
    version: "2.36-9",
    source: "glibc",
    sourceVersion: "2.36-9",
  });
  expect(system.ownerOf("/usr/lib/x86_64-linux-gnu/libz.a")?.package).toBe("zlib1g-dev");
  expect(system.ownerOf("/usr/local/lib/libz.so")).toBeNull();
});

test("what a removed package left behind is nobody's", () => {
  expect(new SystemLibraries(deb).ownerOf("/opt/old/lib.so")).toBeNull();
});

test("an owner that was confirmed, with or without its architecture", () => {
  const system = new SystemLibraries(deb);
  system.addOwner("/opt/a", "zlib1g");
  system.addOwner("/opt/b", "zlib1g:amd64");
  expect([system.ownerOf("/opt/a")?.package, system.ownerOf("/opt/b")?.package]).toEqual([
    "zlib1g",
    "zlib1g",
  ]);
});

test("the first library of a soname is the loader's", () => {
  expect(new SystemLibraries(deb).sonames().get("libc.so.6")?.path).toBe("/lib/x86_64-linux-gnu/libc.so.6");
});

test.each([
  [[], ["dash"]],
  [["zlib1g-dev"], ["dash", "libc6-dev", "zlib1g", "zlib1g-dev"]],
  [["libc6:amd64"], ["dash", "libc6", "libgcc-s1"]],
  [["libgcc-s1=12.2"], ["dash", "libc6", "libgcc-s1"]],
  [["libc-dev"], ["dash", "libc6-dev"]],
  [["gone"], ["dash"]],
])("%p lead to %p", (names, packages) => {
  expect([...new SystemLibraries(deb).leadsTo(names)].sort()).toEqual(packages);
});

test("rpm: capabilities, files and rich dependencies", () => {
  const system = new SystemLibraries(`@@ format
rpm\t/var/lib/rpm
@@ packages
1\tgreeting\tx86_64\t2:1.2-3\tgreeting\t2:1.2-3\tno\t/usr/bin/greet,libz.so.1(ZLIB_1.2.0)(64bit),(a or b),\tgreeting,
2\tzlib\tx86_64\t1\tzlib\t1\tno\t\tlibz.so.1()(64bit),libz.so.1(ZLIB_1.2.0)(64bit),
3\tgreeter\tnoarch\t1\tgreeter\t1\tno\t\t
4\tb\tnoarch\t1\tb\t1\tno\t\t
5\tother\tnoarch\t1\tb\t1\tno\t\t
@@ provided
/usr/bin/greet\t3
@@ end
`);
  expect([...system.leadsTo(["greeting"])].sort()).toEqual(["b", "greeter", "greeting", "zlib"]);
});

test.each(["", "@@ format\ndeb\tx\n@@ files\n", "@@ format\nzip\n@@ end\n"])(
  "%p is no index",
  async (text) => {
    expect(await thrownBy(() => new SystemLibraries(text))).toMatchObject({ kind: "environment" });
  },
);
