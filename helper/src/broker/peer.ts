/** Who is at the other end of a connection, by what the kernel says. */
import { closeSync, constants, openSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { findGroup, type Group, userName } from "../common/accounts.ts";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { peerCredentials } from "./native.ts";
import { Refused } from "./requests.ts";

/**
 * A build: what runs as one of Nix's build users, of which Nix gives each to one build at a time. It is a build for
 * as long as the process lives that connected: Nix ends all processes of a build user before it gives the user to
 * another build. A connection can be handed on, and outlive that.
 */
export interface Peer {
  pid: number;
  /** The process, by its number and when it began: of no two builds the same. */
  process: string;
  /** Throws Refused when that process lives no longer. */
  requireAlive(): void;
  /** Lets go of what was held to look at it. */
  release(): void;
  /** Ids of the host. */
  uid: number;
  gid: number;
  /** Name of the user, for people. */
  user: string;
  /** Whether it has the host's network itself, as Nix gives it to fixed-output derivations only. */
  hasNetwork: boolean;
}

/** The group of build users, who have it as their first one. Throws when there is none. */
export function requireGroup(name: string): Group {
  const group = findGroup(name);
  if (group) return group;
  throw new VoyagerError("usage", `there is no group ${name}`, {
    why: "the broker's socket is for its members",
    remedy: "make it, or name the group of Nix's build users as \"group\" in the broker's policy",
  });
}

const networkOf = (folder: string) => readlinkSync(`${folder}/ns/net`);

/** A process by its number and when it began; null when there is none of that number. */
export function processMark(pid: number): string | null {
  try {
    const { began, isAlive } = statusOf(`/proc/${pid}`);
    return isAlive ? `${pid}:${began}` : null;
  } catch {
    return null;
  }
}

/** What the kernel says of a process. Throws when there is none any more. @param folder of /proc */
function statusOf(folder: string): { uid: number; isAlive: boolean; began: string } {
  const status = readFileSync(`${folder}/status`, "utf8");
  const state = /^State:\s+(\w)/m.exec(status)?.[1] ?? "X";
  // The name, in parentheses, may have spaces: the fields are counted from behind it. proc(5): starttime is the 22nd.
  const began = readFileSync(`${folder}/stat`, "utf8").replace(/^.*\)/s, "").split(" ")[20] ?? "";
  return { uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]), isAlive: !"ZX".includes(state), began };
}

const asBuildUsers =
  "have Nix build as build users: build-users-group = nixbld in nix.conf, and no option that empties it";

/**
 * The peer of a connection. Throws Refused when it is none that may ask: root and people have no business here,
 * as containers run as who asks.
 */
export function identify(socket: Socket, group: Group): Peer {
  const { pid, uid, gid } = peerCredentials(socket);
  const user = userName(uid);
  if (uid === 0) throw new Refused("root may not ask: a container would run as root", asBuildUsers);
  if (gid !== group.gid) throw new Refused(`user ${user ?? uid} is none of Nix's build users`);
  let fd = -1;
  try {
    // Held open, it stays this process's, whoever gets its number.
    fd = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
    const folder = `/proc/self/fd/${fd}`;
    const { began } = requireProcess(folder, uid);
    const hasNetwork = networkOf(folder) === networkOf("/proc/self");
    return {
      ...{ pid, uid, gid, hasNetwork, process: `${pid}:${began}`, user: user ?? String(uid) },
      requireAlive: () => void requireProcess(folder, uid),
      release: () => closeSync(fd),
    };
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    throw error instanceof Refused
      ? error
      : new Refused(`the process that asks cannot be looked at: ${messageOf(error)}`);
  }
}

function requireProcess(folder: string, uid: number): { began: string } {
  let status: ReturnType<typeof statusOf> | null = null;
  try {
    status = statusOf(folder);
  } catch {
    // ESRCH, ENOENT: there is none
  }
  if (!status?.isAlive) throw new Refused("the process that connected has ended");
  if (status.uid !== uid) throw new Refused("the process that connected has another user by now");
  return status;
}
