/** Removes what a build has left. */
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";

/** Bytes below the top after which a folder is moved up: a path has 4,095 at most, and a tree no bound. */
const farthest = 1000;

/**
 * Removes a file or folder, if it is there, with all that is in it: folders that are closed to their
 * owner, names that are not UTF-8, and trees that are deeper than a path can be long.
 */
export function removeTree(path: string): void {
  const top = Buffer.from(path);
  const found = lstatSync(top, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isDirectory()) {
    unlinkSync(top);
    return;
  }
  const prefix = `.nix-voyager-removed-${randomBytes(8).toString("hex")}-`;
  let moved = 0;
  const below = (folder: Buffer, name: Buffer) => Buffer.concat([folder, Buffer.from("/"), name]);
  const empty = (folder: Buffer): void => {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true, encoding: "buffer" })) {
      const inside = below(folder, entry.name);
      if (!entry.isDirectory()) unlinkSync(inside);
      else if (inside.length - top.length <= farthest) {
        empty(inside);
        rmdirSync(inside);
      } else {
        // It has its parent's name in it, so it must be open to be moved.
        chmodSync(inside, 0o700);
        renameSync(inside, below(top, Buffer.from(`${prefix}${moved++}`)));
      }
    }
  };
  for (let before = -1; before < moved; ) {
    before = moved;
    empty(top);
  }
  rmdirSync(top);
}
