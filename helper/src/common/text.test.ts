import { count, cut, digits, prose, visible, wrap } from "./text.ts";

test("what a terminal or a browser would obey is written out", () => {
  expect(visible("lib/plain file.so")).toBe("lib/plain file.so");
  expect(visible("a\nb\tc\u001b[31m")).toBe("a\\nb\\tc\\u{1b}[31m");
  expect(visible("gpj.\u202eos.so")).toBe("gpj.\\u{202e}os.so");
  expect(visible("a\u200bb\u00a0c\u2028d\ud800e")).toBe("a\\u{200b}b\\u{a0}c\\u{2028}d\\u{d800}e");
  expect(visible("größe-日本-😀.so")).toBe("größe-日本-😀.so");
});

test("sentences lose their line breaks", () => {
  expect(prose("  two\n  lines\u202e ")).toBe("two lines\\u{202e}");
});

test("a long name loses its middle", () => {
  expect(cut("short", 5)).toBe("short");
  expect(cut("usr/lib/libexample.so.1", 12)).toBe("usr/…le.so.1");
  expect(cut("usr/lib/libexample.so.1", 12)).toHaveLength(12);
  expect(cut("😀😀😀😀😀😀", 6)).not.toMatch(/\p{Cs}/u);
});

test("numbers of things", () => {
  expect([count(1, "file"), count(0, "file"), count(1234, "library", "libraries")]).toEqual([
    "1 file",
    "0 files",
    "1,234 libraries",
  ]);
});

test("large numbers are read in groups of three", () => {
  expect([0, 999, 1000, 1234567].map(digits)).toEqual(["0", "999", "1,000", "1,234,567"]);
});

test("lines break at spaces", () => {
  expect(wrap("one two three averyveryverylongword x", 9)).toEqual([
    "one two",
    "three",
    "averyveryverylongword",
    "x",
  ]);
});
