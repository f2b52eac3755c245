import type { VoyagerError } from "../../common/errors.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { makeLock, makeLocked } from "../../../testing/locks.ts";
import { formatLock, isFetchable, lockKey, missingFrom, parseLock, prefetchedName } from "./lock-file.ts";

test("what is written is read back, with a line for each package", () => {
  const lock = makeLock();
  const text = formatLock(lock);
  expect(parseLock(JSON.parse(text), "x.json")).toEqual(lock);
  expect(text.split("\n").filter((line) => line.includes('"sha256"'))).toHaveLength(lock.packages.length);
});

test("an unknown form, a bad field and an unknown one are named", async () => {
  const other = { ...makeLock(), schema: "voyager-system-lock/2" };
  expect((await thrownBy<VoyagerError>(() => parseLock(other, "x.json"))).render()).toMatch(
    /x\.json is not a system lock\n.*schema: expected voyager-system-lock\/1/,
  );
  const bad = makeLock([makeLocked({ version: "1; rm -rf /" })]);
  expect((await thrownBy<VoyagerError>(() => parseLock(bad, "x.json"))).details.why).toBe(
    "packages.0.version: expected a version",
  );
  const hash = makeLock([makeLocked({ sha256: "../../etc/passwd" })]);
  expect((await thrownBy<VoyagerError>(() => parseLock(hash, "x.json"))).details.why).toContain(
    "64 hexadecimal digits",
  );
});

test("a package twice is refused: which one it should be cannot be known", async () => {
  const lock = makeLock([makeLocked(), makeLocked({ version: "2" })]);
  expect((await thrownBy<VoyagerError>(() => parseLock(lock, "x.json"))).what).toBe(
    "x.json has gcc:amd64 twice",
  );
});

test("the key is of what is installed, not of how the file says it", () => {
  const one = makeLock([makeLocked(), makeLocked({ name: "libc6" })]);
  const other = makeLock([makeLocked({ name: "libc6", repository: "elsewhere" }), makeLocked()]);
  expect(lockKey({ ...other, osRelease: {} })).toBe(lockKey(one));
  expect(lockKey(makeLock([makeLocked({ version: "13" }), makeLocked({ name: "libc6" })]))).not.toBe(
    lockKey(one),
  );
  expect(lockKey(makeLock([makeLocked({ sha256: "b".repeat(64) }), makeLocked({ name: "libc6" })]))).not.toBe(
    lockKey(one),
  );
});

test("a prefetched file's name has version and hash, and is one path component", () => {
  const one = makeLocked({ version: "4:12.2.0-3" });
  if (!isFetchable(one)) throw new Error("it has a hash");
  expect(prefetchedName(one)).toBe(`gcc_4%3a12.2.0-3_amd64.${"a".repeat(16)}.deb`);
});

test("what is asked for and not in the lock", () => {
  const lock = makeLock([makeLocked()], ["c-compiler", "gcc"]);
  const asked = ["c-compiler", "gcc", "gcc:amd64", "gcc=12", "gcc=13", "gcc:i386", "make"];
  expect(missingFrom(lock, asked)).toEqual(["gcc=13", "gcc:i386", "make"]);
});
