import { editDistance, nearest } from "./nearest.ts";

const packages = ["libffi-dev", "libffi8", "libssl-dev", "python3-cffi", "python3-cffi-backend", "gcc"];

test.each([
  ["libffi-devv", "libffi-dev"],
  ["libfi-dev", "libffi-dev"],
  ["lbissl-dev", "libssl-dev"],
  ["python3-cfii", "python3-cffi"],
  ["python-cffi", "python3-cffi"],
  ["gc", "gcc"],
])("%s is like %s", (name, meant) => {
  expect(nearest(name, packages)[0]).toBe(meant);
});

test("the nearest names come first", () => {
  expect(nearest("libffi-devv", ["libffi-dev", "libffi8", "gcc"])).toEqual(["libffi-dev"]);
  expect(nearest("abcd", ["abxy", "abcx", "abcde"])).toEqual(["abcde", "abcx"]);
});

test("a name that begins like it is like it, but less", () => {
  expect(nearest("python3-cff", packages)).toEqual(["python3-cffi", "python3-cffi-backend"]);
});

test("nothing is like it", () => {
  expect(nearest("zzzzzz", packages)).toEqual([]);
  expect(nearest("x", [])).toEqual([]);
});

test("no more than asked for", () => {
  expect(nearest("a", ["a1", "a2", "a3"], 2)).toEqual(["a1", "a2"]);
});

test("letters to change", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect([editDistance("", "abc"), editDistance("abc", ""), editDistance("a", "a")]).toEqual([3, 3, 0]);
});
