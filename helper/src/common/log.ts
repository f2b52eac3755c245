/**
 * The log. People see short lines, one per phase, with timings; `--log-format json` gives pino's
 * records. Everything goes to standard error: that is where Nix reads build logs and progress.
 */
import { writeSync } from "node:fs";
import pino from "pino";

/** How the log is written. */
export type LogFormat = "human" | "json";

export type Log = pino.Logger;

const levelMarks: Record<number, string> = { 40: "warning: ", 50: "error: ", 60: "error: " };

/** Writes to standard error until all is written: a pipe that is full answers EAGAIN. */
export function writeToStderr(data: string | Uint8Array): void {
  writeAll(2, data);
}

/** The same to standard output: what the process has not written when it exits would be lost. */
export function writeToStdout(data: string): void {
  writeAll(1, data);
}

function writeAll(descriptor: number, data: string | Uint8Array): void {
  let rest = typeof data === "string" ? Buffer.from(data) : data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") return; // nobody reads it any more; the work goes on
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function humanLine(record: Record<string, unknown>): string {
  const seconds = typeof record.seconds === "number" ? `  (${(record.seconds as number).toFixed(2)} s)` : "";
  return `nix-voyager: ${levelMarks[record.level as number] ?? ""}${record.msg}${seconds}\n`;
}

/** Makes the log of a command. */
export function createLog(format: LogFormat = "human", level = "info"): Log {
  const write =
    format === "json"
      ? writeToStderr
      : (line: string) => writeToStderr(humanLine(JSON.parse(line) as Record<string, unknown>));
  return pino({ level, base: null }, { write });
}

/** Tells Nix's progress display which phase the build is in; nothing outside of Nix. */
export function announcePhase(phase: string): void {
  if (process.env.NIX_BUILD_TOP) {
    writeToStderr(`@nix ${JSON.stringify({ action: "setPhase", phase })}\n`);
  }
}

/** Seconds since `start` (a value of performance.now()). */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
