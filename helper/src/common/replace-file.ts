/** Files that commands write for people. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { messageOf, VoyagerError } from "./errors.ts";

/**
 * Writes a file, unless it says that already: never half of it under its name, since a build may read it
 * at this moment. Throws a `usage` error where it cannot be written.
 */
export function replaceFile(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  const unfinished = `${file}.${process.pid}`;
  try {
    writeFileSync(unfinished, text, { flag: "wx" });
    renameSync(unfinished, file);
  } catch (error) {
    throw new VoyagerError("usage", `cannot write ${file}`, {
      why: messageOf(error),
      remedy: "name a file that can be written: --output FILE",
    });
  }
}
