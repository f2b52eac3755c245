import { canonicalJson, keyOf } from "./hash.ts";

test("equal values have equal keys, in whatever order they were written", () => {
  expect(keyOf({ a: 1, b: { c: [1, 2], d: null } })).toBe(keyOf({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(canonicalJson({ b: [{ z: 1, y: 2 }], a: "ä" })).toBe('{"a":"ä","b":[{"y":2,"z":1}]}');
});

test("what differs has another key", () => {
  const values = [{ a: 1 }, { a: "1" }, { a: null }, {}, { a: [1] }, { a: [1, 2] }, { a: [2, 1] }, "a", null];
  expect(new Set(values.map(keyOf)).size).toBe(values.length);
});

test("keys are short enough for a tag, and do not change between versions", () => {
  expect(keyOf({ a: 1 })).toBe("015abd7f5cc57a2dd94b7590f04ad808");
});
