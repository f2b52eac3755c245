import { apt } from "./apt.ts";
import { parseOsRelease, parseRecord, splitSections } from "./record.ts";

const printed = `@@ packages
ii \tbase-files\t12.4+deb12u5\tamd64\tbase-files\t12.4+deb12u5
ii \tlibffi8\t3.4.4-1+b1\tamd64\tlibffi\t3.4.4-1
rc \tremoved\t1.0\tamd64\tremoved\t1.0
hi \theld\t1:2.0~rc1\tall\theld\t1:2.0~rc1
@@ os-release
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
ID=debian
VERSION_ID="12"
@@ passwd
root:x:0:0:root:/root:/bin/bash
@@ group
root:x:0:
`;

test("what the package manager printed", () => {
  const record = apt.parseRecord(printed);
  expect(record.packages).toContainEqual({
    name: "libffi8",
    version: "3.4.4-1+b1",
    arch: "amd64",
    source: "libffi",
    sourceVersion: "3.4.4-1",
  });
  expect(record.packages.map(({ name }) => name)).not.toContain("removed");
  expect(record.osRelease).toEqual({
    PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)",
    ID: "debian",
    VERSION_ID: "12",
  });
  expect(record.passwd).toBe("root:x:0:0:root:/root:/bin/bash\n");
  expect(record.group).toBe("root:x:0:\n");
});

test("a package that is held is installed, too", () => {
  expect(apt.parseRecord(printed).packages.map(({ name }) => name)).toContain("held");
});

test("it goes through a label and back", () => {
  const record = apt.parseRecord(printed);
  expect(parseRecord(JSON.stringify(record))).toEqual(record);
});

test.each([undefined, "null", "{}", "not json", '{"packages":[{"name":"x"}]}'])(
  "%p is no record",
  (label) => {
    expect(() => parseRecord(label)).toThrow();
  },
);

test("os-release with either quote, comments and empty values", () => {
  expect(parseOsRelease("# comment\nA=\"x y\"\nB='z'\nC=\n\nD=a=b\nlower=no\n")).toEqual({
    A: "x y",
    B: "z",
    C: "",
    D: "a=b",
  });
});

test("sections", () => {
  expect(splitSections("noise\n@@ a\n1\n2\n@@ b\n")).toEqual({ a: "1\n2\n", b: "" });
});
