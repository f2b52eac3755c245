/**
 * The user that the container runs as. With binds it must be the build user's id on the host, so
 * that files have the owner that Nix insists on; the Nix sandbox maps ids (inside 1000:100), and
 * /proc/self/uid_map (user_namespaces(7)) tells how.
 */
import { readFileSync } from "node:fs";

export interface Identity {
  uid: number;
  gid: number;
}

/** Maps an id of this user namespace to its parent's. Returns the id itself if it is not mapped. */
export function mapId(map: string, id: number): number {
  for (const line of map.split("\n")) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || outside === undefined || count === undefined) continue;
    if (id >= inside && id < inside + count) return outside + (id - inside);
  }
  return id;
}

/** This process's ids as the host sees them. */
export function hostIdentity(): Identity {
  return {
    uid: mapId(readFileSync("/proc/self/uid_map", "utf8"), process.getuid?.() ?? 0),
    gid: mapId(readFileSync("/proc/self/gid_map", "utf8"), process.getgid?.() ?? 0),
  };
}

/** Ids that a user without root has for the containers of an engine of their own (subuid(5)). */
const rootlessIds = 65536;

/**
 * Ids for containers into which files are streamed: any will do, as the owner is chosen on the way out, and a
 * broker gives a build no other user than its own. But never root, whom a Nix without build users builds as,
 * and none that a rootless engine does not have.
 */
export function streamIdentity(own = hostIdentity()): Identity {
  const isUsable = own.uid > 0 && own.uid < rootlessIds && own.gid < rootlessIds;
  return isUsable ? own : { uid: 1000, gid: 100 };
}

/**
 * /etc/passwd and /etc/group with the build's user added: tools such as ssh and getpwuid(3) fail
 * for a user without an entry. An entry that has the id already is left as it is.
 */
export function accountFiles(
  base: { passwd: string; group: string },
  { uid, gid }: Identity,
): { passwd: string; group: string } {
  const withEnd = (file: string) => `${file.trimEnd()}\n`;
  const hasId = (file: string, id: number) =>
    file.split("\n").some((line) => line.split(":")[2] === String(id));
  return {
    passwd: hasId(base.passwd, uid)
      ? withEnd(base.passwd)
      : `${withEnd(base.passwd)}builder:x:${uid}:${gid}:Nix build user:/build/home:/bin/sh\n`,
    group: hasId(base.group, gid) ? withEnd(base.group) : `${withEnd(base.group)}builder:x:${gid}:\n`,
  };
}
