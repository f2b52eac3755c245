import { findShlibs, readRelation, readSymbols, readSymbolsOf, smallestVersion } from "./dpkg-symbols.ts";

/** Parts of zlib1g's and libc6's files in Debian 12. */
const zlib = `libz.so.1 zlib1g #MINVER#
* Build-Depends-Package: zlib1g-dev
 ZLIB_1.2.0@ZLIB_1.2.0 1:1.2.0
 adler32@Base 1:1.1.4
 compressBound@ZLIB_1.2.0 1:1.2.0
`;
const libc = `ld-linux-x86-64.so.2 libc6 #MINVER#
| libc6 (>> 2.36), libc6 (<< 2.37)
 GLIBC_2.2.5@GLIBC_2.2.5 2.2.5
 GLIBC_PRIVATE@GLIBC_PRIVATE 0 1
 __tls_get_addr@GLIBC_2.3 2.4
libBrokenLocale.so.1 libc6 #MINVER#
 __ctype_get_mb_cur_max@GLIBC_2.2.5 2.2.5
`;

test("a library, its symbols, and what using it at all takes", () => {
  const [library] = readSymbols(zlib);
  expect(library).toMatchObject({ soname: "libz.so.1", templates: ["zlib1g #MINVER#"] });
  expect(library?.symbols.get("adler32@Base")).toEqual({ minimum: "1:1.1.4", template: 0 });
  expect(library && smallestVersion(library)).toBe("1:1.1.4");
});

test("several libraries, and a second template for private symbols", () => {
  const libraries = readSymbols(libc);
  expect(libraries.map(({ soname }) => soname)).toEqual(["ld-linux-x86-64.so.2", "libBrokenLocale.so.1"]);
  const [loader] = libraries;
  expect(loader?.symbols.get("GLIBC_PRIVATE@GLIBC_PRIVATE")).toEqual({ minimum: "0", template: 1 });
  expect(loader?.templates[1]).toBe("libc6 (>> 2.36), libc6 (<< 2.37)");
  expect(loader && smallestVersion(loader)).toBe("2.2.5");
});

test.each(["ld-linux-x86-64.so.2", "libBrokenLocale.so.1"])("only %s", (soname) => {
  expect(readSymbolsOf(libc, soname)).toEqual(readSymbols(libc).find((one) => one.soname === soname));
});

test.each(["libc.so.6", "libBrokenLocale.so", "BrokenLocale.so.1", "GLIBC_PRIVATE@GLIBC_PRIVATE", ""])(
  "nothing of %p",
  (soname) => {
    expect(readSymbolsOf(libc, soname)).toBeNull();
  },
);

test.each([
  ["libc6 #MINVER#", "2.34", [{ package: "libc6", version: "2.34" }]],
  [
    "libc6 (>> 2.36), libc6 (<< 2.37)",
    "0",
    [
      { package: "libc6", version: "2.36" },
      { package: "libc6", version: null },
    ],
  ],
  ["libgl1 | libgl-x", null, [{ package: "libgl1", version: null }]],
  ["libstdc++6 (>= 13.1)", null, [{ package: "libstdc++6", version: "13.1" }]],
  ["", null, []],
])("the relation %p with %p", (relation, minimum, expected) => {
  expect(readRelation(relation, minimum)).toEqual(expected);
});

test("shlibs", () => {
  const text = "libz 1 zlib1g (>= 1:1.2)\nudeb: libz 1 zlib1g-udeb (>= 1:1.2)\nlibfoo 1.2 foo12\n";
  expect(findShlibs(text, "libz.so.1")).toBe("zlib1g (>= 1:1.2)");
  expect(findShlibs(text, "libfoo-1.2.so")).toBe("foo12");
  expect(findShlibs(text, "libz.so.2")).toBeNull();
  expect(findShlibs(text, "libudeb:.so.1")).toBeNull();
});
