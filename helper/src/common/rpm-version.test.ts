import { compareRpmVersions } from "./rpm-version.ts";

/** Answers of rpm 4.18's own comparison (`rpm.vercmp` of its Lua). */
const older: [string, string][] = [
  ["1.0~rc1", "1.0"],
  ["1.0~~", "1.0~"],
  ["1.0", "1.0^git1"],
  ["1.0^git1", "1.0.1"],
  ["1.0^git1", "1.0^git2"],
  ["1.0~rc1^git1", "1.0"],
  ["1.0~rc1", "1.0~rc1^git1"],
  ["1.9", "1.10"],
  ["1.0a", "1.0.1"],
  ["a", "1"],
  ["1.0", "1.0a"],
  ["Z", "a"],
  ["9:9", "10:1"],
  ["99", "1:0"],
  ["3.0.7-27.el9", "3.0.7-28.el9_4"],
  ["1:3.0.7-27.el9", "1:3.2.2-1.el9"],
  ["1.0-1.el9", "1.0-1.el9.1"],
  ["1.0", "1.0-1"],
  ["99999999999999999999998", "99999999999999999999999"],
];

test.each(older)("%s is older than %s", (a, b) => {
  expect(compareRpmVersions(a, b)).toBeLessThan(0);
  expect(compareRpmVersions(b, a)).toBeGreaterThan(0);
});

test.each([
  ["1.0", "1_0"],
  ["1.0", "1..0."],
  ["0:1.0-1", "1.0-1"],
  ["1.001", "1.1"],
  ["", ""],
])("%p is the same as %p", (a, b) => {
  expect(compareRpmVersions(a, b) === 0).toBe(true);
  expect(compareRpmVersions(b, a) === 0).toBe(true);
});
