/** What folders hold, to be compared: all that a store keeps of it, and all that must not change. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";

const slash = Buffer.from("/");

function describe(path: Buffer, stat: fs.Stats): string {
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isSymbolicLink())
    return `link ${fs.readlinkSync(path, { encoding: "buffer" }).toString("latin1")}`;
  if (stat.isDirectory()) return `folder ${mode}`;
  if (!stat.isFile()) return `special ${stat.mode.toString(8)} ${stat.rdev}`;
  // A file of gigabytes, which are holes, is not read.
  const large = stat.size > 64 * 1024 * 1024;
  const hash = large
    ? "unread"
    : createHash("sha256").update(fs.readFileSync(path)).digest("hex").slice(0, 16);
  return `file ${mode} ${stat.size} ${hash}`;
}

/**
 * Everything below a folder: path (latin1, relative) → what it is.
 *
 * @param except a folder at the top that is left out
 */
export function treeOf(folder: string, except?: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (place: Buffer, name: Buffer | null) => {
    for (const entry of fs.readdirSync(place, { encoding: "buffer" })) {
      if (name === null && entry.toString("latin1") === except) continue;
      const path = Buffer.concat([place, slash, entry]);
      const below = name === null ? entry : Buffer.concat([name, slash, entry]);
      const stat = fs.lstatSync(path);
      found.set(below.toString("latin1"), describe(path, stat));
      if (stat.isDirectory() && stat.mode & 0o100) walk(path, below);
    }
  };
  walk(Buffer.from(folder), null);
  return found;
}

/** A folder for an output, and around it what an escape would change. */
export interface Cage {
  /** Where the output goes. It is not there yet. */
  out: string;
  /** Throws when anything around the output has changed. */
  check(): void;
}

/** @param folder an empty one */
export function makeCage(folder: string): Cage {
  fs.writeFileSync(`${folder}/victim`, "untouched");
  fs.mkdirSync(`${folder}/folder`);
  fs.writeFileSync(`${folder}/folder/victim`, "untouched");
  fs.symlinkSync("victim", `${folder}/link`);
  const before = treeOf(folder, "out");
  return {
    out: `${folder}/out`,
    check() {
      expect(Object.fromEntries(treeOf(folder, "out"))).toEqual(Object.fromEntries(before));
      expect(fs.statSync(`${folder}/victim`).nlink).toBe(1);
    },
  };
}
