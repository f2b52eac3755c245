import { compareDebianVersions } from "./debian-version.ts";

/** Answers of `dpkg --compare-versions` (1.21.22). */
const older: [string, string][] = [
  ["1.0~rc1", "1.0"],
  ["1.0~~", "1.0~"],
  ["1.0~", "1.0~a"],
  ["1.0~rc1-1", "1.0-1"],
  ["1.9", "1.10"],
  ["9", "10"],
  ["1.0", "1.0a"],
  ["1.0a", "1.0+"],
  ["1.0-1", "1.0-1.1"],
  ["1.0-1~deb12u1", "1.0-1"],
  ["1.0-1", "1.0-1+b1"],
  ["3.0.20-1~deb12u1", "3.0.22-1~deb12u2"],
  ["2.36-9+deb12u9", "2.36-9+deb12u10"],
  ["9:9", "10:1"],
  ["99", "1:0"],
  ["1.0", "1.0-1"],
  ["1.0-1-2", "1.0-2-1"],
  ["a", "b"],
  ["Z", "a"],
  ["1a", "1+"],
  ["99999999999999999999998", "99999999999999999999999"],
];

test.each(older)("%s is older than %s", (a, b) => {
  expect(compareDebianVersions(a, b)).toBeLessThan(0);
  expect(compareDebianVersions(b, a)).toBeGreaterThan(0);
});

test.each([
  ["1.0", "1.0-0"],
  ["0:1.0", "1.0"],
  ["1.001", "1.1"],
  ["1.0-1", "1.0-01"],
  ["", "0"],
  ["1.0-1-1", "1.0-1-1"],
])("%p is the same as %p", (a, b) => {
  expect(compareDebianVersions(a, b) === 0).toBe(true);
  expect(compareDebianVersions(b, a) === 0).toBe(true);
});
