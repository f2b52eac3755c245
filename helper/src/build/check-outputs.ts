/** What Nix must not get, and what an output must have. */
import { chmodSync, type Dirent, lstatSync, readdirSync } from "node:fs";
import { VoyagerError } from "../common/errors.ts";
import { Holes, refuseEntry, refuseLongPath } from "../transfer/forbidden.ts";

/** A kind of file that does not belong into a store; null for those that do. */
function forbiddenKind(entry: Dirent<Buffer>): string | null {
  if (entry.isBlockDevice() || entry.isCharacterDevice()) return "a device node";
  if (entry.isFIFO()) return "a FIFO";
  if (entry.isSocket()) return "a socket";
  return null;
}

/** In bytes: a name need not be UTF-8. */
function below(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from("/"), name]);
}

/** The folder, opened to its owner if it was not: Nix gives it its final mode in any case. */
function readable(folder: Buffer): Buffer {
  if ((lstatSync(folder).mode & 0o700) !== 0o700) chmodSync(folder, 0o755);
  return folder;
}

/** @param prefix length of the output's own path */
function check(folder: Buffer, prefix: number, holes: Holes): number {
  let entries = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: "buffer" })) {
    entries++;
    const path = below(folder, entry.name);
    refuseLongPath(path, prefix);
    const kind = forbiddenKind(entry);
    if (kind) refuseEntry(path, kind);
    if (entry.isSymbolicLink()) continue;
    // Directories inherit setgid from their parent on some file systems; Nix clears it.
    if (entry.isDirectory()) check(readable(path), prefix, holes);
    else checkFile(path, holes);
  }
  return entries;
}

function checkFile(path: Buffer, holes: Holes): void {
  const { mode, size, blocks } = lstatSync(path);
  if (mode & 0o6000) refuseEntry(path, "a setuid or setgid file");
  holes.add(path, size - blocks * 512);
  // Nix lets everybody read it in the end, so the audit may.
  if (!(mode & 0o400)) chmodSync(path, mode | 0o400);
}

/** Throws an `output` error that names the file or the output. @param outputs name → folder */
export function checkOutputs(outputs: Record<string, string>): void {
  const holes = new Holes();
  for (const [name, folder] of Object.entries(outputs)) {
    const top = Buffer.from(folder);
    if (check(readable(top), top.length, holes) === 0) {
      throw new VoyagerError("output", `the build script left nothing in output '${name}'`, {
        why: `$${name} is ${folder}, and it is empty`,
        remedy: `install into $${name}, or take '${name}' from the list of outputs`,
      });
    }
  }
}
