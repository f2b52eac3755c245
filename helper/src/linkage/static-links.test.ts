import { attribute, parseRecords } from "./static-links.ts";

const library = (path: string, buildId: string | null, linked = true) => ({ path, buildId, linked });
const link = (buildId: string | null, output: string, ...archives: string[]) => ({
  buildId,
  output,
  archives,
});

test("records are read as the linker wrote them", () => {
  const text =
    "watched\nid 0a1b\noutput a b/m\narchive /usr/lib/libz.a\narchive /usr/lib/libm.a\nid \noutput n\n";
  expect(parseRecords(text)).toEqual([
    link("0a1b", "a b/m", "/usr/lib/libz.a", "/usr/lib/libm.a"),
    link(null, "n"),
  ]);
});

test("a part that is linked into something else is none of the build's files", () => {
  const text =
    "watched\nid \noutput a.o\narchive /l/libz.a\nrelocatable\nid 01\noutput x\narchive /l/libz.a\n";
  expect(parseRecords(text)).toEqual([link("01", "x", "/l/libz.a")]);
});

test("records that were taken away are not taken for none", () => {
  expect(() => parseRecords("")).toThrow("what the linkers wrote down while they worked is gone");
});

test("a file is known by its build id, whatever its name", () => {
  const found = attribute(
    [link("01", "conftest", "/l/libz.a"), link("02", "gone", "/l/libssl.a")],
    [library("bin/x", "01"), library("bin/y", "03")],
  );
  expect([...found]).toEqual([["bin/x", ["/l/libz.a"]]]);
});

test("the same file in two places has the library in both", () => {
  const found = attribute([link("01", "x", "/l/libz.a")], [library("a", "01"), library("w.whl!/b", "01")]);
  expect([...found.keys()]).toEqual(["a", "w.whl!/b"]);
});

test("a file that lost its build id is known by its name", () => {
  const found = attribute(
    [link("01", "out/x", "/l/libz.a")],
    [library("bin/x", null), library("bin/y", null)],
  );
  expect([...found.keys()]).toEqual(["bin/x"]);
});

test("a link without a build id or a name that is known may have made any file without one", () => {
  const found = attribute(
    [link(null, "temporary", "/l/libz.a")],
    [library("bin/x", null), library("bin/y", "01"), library("a.o", null, false)],
  );
  expect([...found.keys()]).toEqual(["bin/x"]);
});

test("several links into one file add up", () => {
  const found = attribute(
    [link("01", "x", "/l/b.a"), link("01", "x", "/l/a.a", "/l/b.a")],
    [library("x", "01")],
  );
  expect(found.get("x")).toEqual(["/l/a.a", "/l/b.a"]);
});
