/**
 * Where the engine's host has the paths that this process sees.
 *
 * In the Nix sandbox /build and /nix/store are mounts; /proc/self/mountinfo (proc(5)) names their
 * roots, but relative to their file system, not to the host's tree. Where the file system is not
 * the host's root, the missing prefix is one of few: so there are candidates, and whoever writes to
 * one verifies it inside the container.
 */
import { readFileSync } from "node:fs";

/** A line of mountinfo: `root` of the file system is seen at `mountPoint`. */
export interface MountEntry {
  root: string;
  mountPoint: string;
}

/** Characters that mountinfo writes as octal escapes: space, tab, newline, backslash. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_match, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

export function parseMountInfo(text: string): MountEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(" ");
      return { root: unescapeField(fields[3] ?? "/"), mountPoint: unescapeField(fields[4] ?? "/") };
    });
}

function isBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

function join(folder: string, rest: string): string {
  return `${folder === "/" ? "" : folder}${rest}` || "/";
}

/** The mount that shows `path`: the deepest one, and of those the last. */
function mountOf(entries: MountEntry[], path: string): MountEntry | undefined {
  let best: MountEntry | undefined;
  for (const entry of entries) {
    if (!isBelow(path, entry.mountPoint)) continue;
    if (!best || entry.mountPoint.length >= best.mountPoint.length) best = entry;
  }
  return best;
}

/** Folders under which Nix keeps build folders and stores: prefixes that mountinfo may lack. */
const likelyMountPoints = ["/nix/store", "/nix", "/tmp", "/var/tmp", "/var", "/nix/var/nix/builds"];
/** Those where not everybody can put something: what a build only reads is not verified inside. */
export const ownMountPoints = likelyMountPoints.filter((folder) => !folder.endsWith("/tmp"));

export class HostPaths {
  readonly #entries: MountEntry[];

  constructor(mountInfo = readFileSync("/proc/self/mountinfo", "utf8")) {
    this.#entries = parseMountInfo(mountInfo);
  }

  /**
   * Paths under which the engine's host may have `path`, the likeliest first.
   *
   * @param mountPoints where its file system may be mounted on the host
   */
  candidates(path: string, mountPoints = likelyMountPoints): string[] {
    const mount = mountOf(this.#entries, path);
    // Not sandboxed, as far as this path goes: the host calls it the same.
    if (!mount || (mount.root === "/" && mount.mountPoint === "/")) return [path];
    const rest = mount.mountPoint === "/" ? path : path.slice(mount.mountPoint.length);
    const below = join(mount.root, rest);
    return [...new Set([below, ...mountPoints.map((prefix) => join(prefix, below)), path])];
  }
}
