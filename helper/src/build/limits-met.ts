/** What a build ran into, told from what its programs complain of: a full disk, the limit of processes. */
import { statfsSync } from "node:fs";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { storeOf } from "../common/store.ts";

/** A disk that a build writes to, in words, and a folder on it. */
export interface Disk {
  name: string;
  folder: string;
  remedy: string;
}

/** Bytes and files below which a disk counts as full: what is being written is gone when we look. */
const littleSpace = 1024 * 1024;
const fewFiles = 16;

/** The disks of this machine that a build writes to. @param outputs name → store path */
export function disksOf(buildTop: string, outputs: Record<string, string>): Disk[] {
  const store = storeOf(Object.values(outputs)[0] ?? "/");
  return [
    {
      name: `the disk of the build folder, ${buildTop}`,
      folder: buildTop,
      remedy: "free some space where Nix keeps build folders (TMPDIR, or `build-dir` in nix.conf)",
    },
    {
      name: `the disk of the store, ${store}`,
      folder: store,
      remedy: "free some space: nix-collect-garbage",
    },
  ];
}

function isFull({ folder }: Disk): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return bavail * bsize < littleSpace || (files > 0 && ffree < fewFiles);
  } catch {
    return false;
  }
}

/** Why there was no space, and what to do: which disk is full now, else which it must have been. */
function explainFull(disks: Disk[]): { why: string; remedy: string } {
  const full = disks.filter(isFull);
  if (full.length > 0) {
    const remedies = full.map(({ remedy }) => remedy).join(";\n");
    return {
      why: full.map(({ name }) => `a disk is full: ${name}`).join("\n"),
      remedy: `${remedies} (\`voyager doctor\` shows how much)`,
    };
  }
  return {
    why: `a disk is full: the engine's, which has the container's own folders (/tmp, /var …);\nelse one that has space again: ${disks.map(({ name }) => name).join("; ")}`,
    remedy:
      "free some space (`voyager doctor` shows where): `voyager environment prune` does on the engine's disk",
  };
}

/** What of the limits a script has met, as far as its last lines tell; null: none of them. */
export function limitMet(
  lines: string[],
  pids: number,
  disks: Disk[],
): { why: string; remedy: string } | null {
  if (lines.some((line) => line.includes("No space left on device"))) return explainFull(disks);
  // Of any limit on processes and threads; no other can be the reason in a container.
  const refused = /fork|clone|thread|process|spawn/i;
  if (lines.some((line) => line.includes("Resource temporarily unavailable") && refused.test(line))) {
    return {
      why: `no more processes and threads could be started: limits.pids allows ${pids}`,
      remedy: "raise limits.pids, or have the build do less at once",
    };
  }
  return null;
}

/** The error as it is told: one of our own file operations that found a disk full says which. */
export function withFullDisks(error: unknown, disks: Disk[]): unknown {
  // Where it was met in the middle of a stream it is wrapped already.
  const met = error instanceof VoyagerError ? error.details.cause : error;
  if (codeOf(met) !== "ENOSPC") return error;
  const { why, remedy } = explainFull(disks);
  return new VoyagerError("transfer", "a disk is full", {
    why: `${messageOf(met)}\n${why}`,
    remedy,
    cause: error,
  });
}
