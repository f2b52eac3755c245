/**
 * Ends this process when Nix is gone that did not end it: one that was killed, or crashed. Its builds go on
 * then, without anybody to take what they make.
 *
 * Nix reads a build's log through a terminal of its own, of which the build has the other side. When Nix
 * is gone that side is dead: whatever is done with it fails, and only that way can it be noticed where the
 * build says nothing, as a process of the sandbox sees no parent.
 */
import { writeSync } from "node:fs";
import { codeOf } from "./errors.ts";

/** Milliseconds between two looks. */
const interval = 1000;

/** Whether a file descriptor is a terminal's whose other side is gone. */
export function isHungUp(descriptor: number): boolean {
  try {
    // Nothing is written; a pipe or a file says nothing of its reader that way.
    writeSync(descriptor, "");
    return false;
  } catch (error) {
    return codeOf(error) === "EIO";
  }
}

/** Calls `end` once nobody reads our standard error any more. What the engine runs for us ends with us. */
export function endWithReader(end: () => void): void {
  setInterval(() => {
    if (isHungUp(2)) end();
  }, interval).unref();
}
