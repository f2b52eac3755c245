import fs from "node:fs";
import { announcePhase, createLog, writeToStderr } from "./log.ts";

let written = "";
let write: jest.SpyInstance;
beforeEach(() => {
  written = "";
  write = jest.spyOn(fs, "writeSync").mockImplementation(((descriptor: number, data: Uint8Array) => {
    expect(descriptor).toBe(2);
    written += Buffer.from(data).toString();
    return data.length;
  }) as typeof fs.writeSync);
});
afterEach(() => write.mockRestore());

test("people see short lines with timings", () => {
  const log = createLog();
  log.info({ seconds: 1.234 }, "environment: made");
  log.warn("careful");
  log.error("no");
  log.debug("not shown");
  expect(written).toBe(
    "nix-voyager: environment: made  (1.23 s)\nnix-voyager: warning: careful\nnix-voyager: error: no\n",
  );
});

test("machines get records", () => {
  createLog("json").info({ seconds: 1 }, "made");
  expect(JSON.parse(written)).toMatchObject({ level: 30, seconds: 1, msg: "made" });
});

test("a pipe that is full, or takes only a part, loses nothing", () => {
  let calls = 0;
  write.mockImplementation((_descriptor: number, data: Uint8Array) => {
    if (calls++ === 0) throw Object.assign(new Error("busy"), { code: "EAGAIN" });
    written += Buffer.from(data.subarray(0, 4)).toString();
    return Math.min(4, data.length);
  });
  writeToStderr("hello world");
  expect(written).toBe("hello world");
});

test("nobody reads: the build goes on", () => {
  write.mockImplementation(() => {
    throw Object.assign(new Error("gone"), { code: "EPIPE" });
  });
  expect(() => writeToStderr("x")).not.toThrow();
});

test("Nix is told the phase; nobody else", () => {
  const before = process.env.NIX_BUILD_TOP;
  process.env.NIX_BUILD_TOP = "/build";
  announcePhase("build");
  delete process.env.NIX_BUILD_TOP;
  announcePhase("check");
  if (before !== undefined) process.env.NIX_BUILD_TOP = before;
  expect(written).toBe('@nix {"action":"setPhase","phase":"build"}\n');
});
