import { makeLocked } from "../../../testing/locks.ts";
import { changes, compareAvailable, differences, listed } from "./differences.ts";
import type { FetchablePackage } from "./lock-file.ts";

const gcc = makeLocked() as FetchablePackage;
const libc = makeLocked({ name: "libc6", version: "2.36" }) as FetchablePackage;
const foreign = makeLocked({ name: "libc6", arch: "i386", version: "2.36" }) as FetchablePackage;

test("what is installed and what should be", () => {
  expect(differences([gcc, libc], [libc, gcc])).toEqual([]);
  expect(
    differences(
      [{ ...gcc, version: "13" }, { ...libc, arch: "i386" }, makeLocked({ name: "nano" })],
      [gcc, libc],
    ),
  ).toEqual([
    "gcc:amd64 is 13, not 12",
    "libc6:amd64 2.36 is missing",
    "libc6:i386 2.36 is too many",
    "nano:amd64 12 is too many",
  ]);
});

test("a version that is gone, with those that are there", () => {
  const available = [
    { ...libc, version: "2.37" },
    { ...libc, version: "2.37" },
    { ...libc, version: "2.38" },
    foreign,
  ];
  expect(compareAvailable([libc, gcc, foreign], available)).toEqual({
    gone: [
      "the mirror no longer has libc6 2.36; it has 2.37, 2.38",
      "the mirror no longer has gcc 12; it has no version of it",
    ],
    changed: [],
  });
});

test("the same version with another file is told, unless one repository has the right one", () => {
  const other = { ...gcc, sha256: "b".repeat(64) };
  expect(compareAvailable([gcc], [other]).changed).toEqual([
    `gcc 12 has the hash ${"b".repeat(64)} there, the lock has ${gcc.sha256}`,
  ]);
  expect(compareAvailable([gcc], [other, gcc])).toEqual({ gone: [], changed: [] });
});

test("ten are listed, the others counted", () => {
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
  expect(listed(lines).split("\n").slice(-2)).toEqual(["line 9", "and 2 more"]);
  expect(listed(lines.slice(0, 10)).split("\n")).toHaveLength(10);
});

test("what changed from one lock to the next", () => {
  expect(changes([gcc, libc], [{ ...gcc, version: "13" }, libc, foreign])).toEqual([
    ["gcc:amd64", "12", "13"],
    ["libc6:i386", "-", "2.36"],
  ]);
});
