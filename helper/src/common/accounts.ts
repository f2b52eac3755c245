/** Users and groups of this machine, as its files name them. */
import { readFileSync } from "node:fs";

/** A group. */
export interface Group {
  name: string;
  gid: number;
  /** Names of users who have it besides their first one. */
  members: string[];
}

function entries(file: string): string[][] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
}

/** The group with this name, or this id; null when there is none. */
export function findGroup(wanted: string | number, file = "/etc/group"): Group | null {
  const field = typeof wanted === "number" ? 2 : 0;
  const found = entries(file).find((entry) => entry[field] === String(wanted));
  if (!found) return null;
  const [name = "", , gid, members = ""] = found;
  return { name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") };
}

/** Name of the user with this id; null when there is none. */
export function userName(uid: number, file = "/etc/passwd"): string | null {
  return entries(file).find((entry) => entry[2] === String(uid))?.[0] ?? null;
}
