import fs, { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endWithReader, isHungUp } from "./hangup.ts";

/** Plays a terminal whose other side is gone, or what else a write may fail with. */
function failWith(code: string): void {
  jest.spyOn(fs, "writeSync").mockImplementation(() => {
    throw Object.assign(new Error(code), { code });
  });
}
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

test("looking writes nothing, and a file has no other side", () => {
  const folder = mkdtempSync(join(tmpdir(), "voyager-hangup-"));
  const file = join(folder, "log");
  const descriptor = openSync(file, "w");
  expect(isHungUp(descriptor)).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("");
  rmSync(folder, { recursive: true });
});

test.each([
  ["EIO", true],
  ["EAGAIN", false],
  ["EPIPE", false],
])("%s", (code, expected) => {
  failWith(code);
  expect(isHungUp(2)).toBe(expected);
});

test("the end comes within a second, and not before", () => {
  jest.useFakeTimers();
  const end = jest.fn();
  endWithReader(end);
  jest.advanceTimersByTime(5000);
  expect(end).not.toHaveBeenCalled();
  failWith("EIO");
  jest.advanceTimersByTime(1000);
  expect(end).toHaveBeenCalledTimes(1);
});
