/** Files that are what their path says, for what is given to others. */
import { lstatSync, realpathSync } from "node:fs";
import { codeOf } from "./errors.ts";

/** Whether a path is a file at its own place: neither it nor a folder above it is a link. */
export function isPlainFile(path: string): boolean {
  try {
    return lstatSync(path).isFile() && realpathSync(path) === path;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw error;
  }
}
