/** What an output must not hold, however it comes out of a container. */
import { VoyagerError } from "../common/errors.ts";
import { readable } from "../common/readable.ts";

const gigabyte = 1024 ** 3;

/**
 * Bytes of a path within its output. The system's own bound is 4,095 for all of it, and in front are
 * the store's folder, a name, and what Nix's sandbox has around its store.
 */
export const longestPath = 3500;

/**
 * Bytes that the files of a build may have in holes, together. Nix reads each of them, and writes each
 * when it copies the path; a file of 8 EiB that takes no room would keep it busy for ever.
 */
const mostHoles = 64 * gigabyte;

/** Throws the error that names the entry. @param kind as in "a FIFO" */
export function refuseEntry(path: Buffer, kind: string): never {
  throw new VoyagerError("output", `the output holds ${kind}: ${readable(path)}`, {
    why: "the Nix store has regular files, folders and symbolic links only, none of them setuid",
    remedy: "remove it at the end of the build script",
  });
}

/** Throws when a path is longer than Nix can have it. @param prefix length of what the output adds to it */
export function refuseLongPath(path: Buffer, prefix: number): void {
  if (path.length - prefix <= longestPath) return;
  const start = readable(path.subarray(0, prefix + 60));
  throw new VoyagerError("output", `the output has a path of more than ${longestPath} bytes: ${start}…`, {
    why: "with the folders around it, it would be longer than the system can have it",
    remedy: "remove it at the end of the build script, or nest folders less deeply",
  });
}

/** What the files of a build have in holes. */
export class Holes {
  #bytes = 0;

  /** Counts a file. Throws when it is too much. */
  add(path: Buffer, bytes: number): void {
    if (bytes <= 0) return;
    this.#bytes += bytes;
    if (this.#bytes <= mostHoles) return;
    throw new VoyagerError(
      "output",
      `the files of the output have more than ${mostHoles / gigabyte} GiB in holes: ${readable(path)}`,
      {
        why: "a Nix store has no holes: Nix reads each of their bytes, and writes them when it copies the path",
        remedy: "make the file smaller, or remove it at the end of the build script",
      },
    );
  }
}
