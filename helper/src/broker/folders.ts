/**
 * Folders of a build that its container may write to. That they are the build's own is told by their owner: Nix
 * gives each build user to one build at a time, and nobody else can make a folder that belongs to that user.
 *
 * A path is opened once, with no link on the way, and from then on only what was opened is used: it is mounted
 * in a folder of the broker's, and the engine is given that place. So it does not matter what the build makes
 * of the path afterwards.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { storeNamePattern } from "../common/store.ts";
import type { Mount } from "../engine/engine.ts";
import { bindMount, openWithoutLinks, unmount } from "./native.ts";
import type { Peer } from "./peer.ts";
import { Refused } from "./requests.ts";

/** The engine's host does not have a path: it may have it under another name. */
export class NotThere extends Error {}

/** Never a build's, whoever owns what is there. */
const excluded = ["/proc", "/sys", "/dev", "/run"];

/** Mounts of one container, for as long as the engine needs them. */
export class PinnedFolders {
  #folder: string | null;
  readonly #places: string[] = [];
  readonly #opened: { fd: number; source: string; uid: number }[] = [];

  /** @param parent folder that only root may enter */
  constructor(parent: string) {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    this.#folder = mkdtempSync(join(parent, "build-"));
  }

  /**
   * Checks that the source is the peer's own and pins it.
   *
   * @returns where it is now
   */
  pin({ source, target, readOnly }: Mount, peer: Peer): string {
    if (this.#folder === null) throw new Error("the mounts have been released");
    const fd = open(source);
    try {
      const stat = fstatSync(fd);
      if (stat.uid !== peer.uid) throw new Refused(`${source} does not belong to the build`);
      // Folders to write to; single files to read only, as its /etc/passwd.
      if (!stat.isDirectory() && !(readOnly && stat.isFile())) {
        throw new Refused(`${source} is no ${readOnly ? "file or folder" : "folder"}`);
      }
      const place = join(this.#folder, String(this.#places.length));
      if (stat.isDirectory()) mkdirSync(place);
      else closeSync(openSync(place, "wx", 0o600));
      this.#places.push(place);
      bindMount(fd, place);
      this.#opened.push({ fd, source, uid: peer.uid });
      return place;
    } catch (error) {
      closeSync(fd);
      throw error instanceof Refused ? error : new Error(`${target} cannot be mounted: ${messageOf(error)}`);
    }
  }

  /** Checks that all is still the build's own: Nix makes an output root's when it is finished. Throws Refused. */
  verify(): void {
    for (const { fd, source, uid } of this.#opened) {
      if (fstatSync(fd).uid !== uid) throw new Refused(`${source} belongs to the build no longer`);
    }
  }

  /** Takes the mounts away again. A container that has started keeps them. */
  release(): void {
    const folder = this.#folder;
    this.#folder = null;
    if (folder === null) return;
    removePlaces(folder);
    for (const { fd } of this.#opened) closeSync(fd);
  }
}

function open(source: string): number {
  if (source !== resolve(source) || excluded.some((one) => source === one || source.startsWith(`${one}/`))) {
    throw new Refused(`${source} is no path of a build`);
  }
  try {
    return openWithoutLinks(source);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR")
      throw new NotThere(`${source} does not exist`);
    if (codeOf(error) === "ELOOP") throw new Refused(`${source} has a symbolic link on its way`);
    throw error;
  }
}

function notOurs(place: string): VoyagerError {
  return new VoyagerError("usage", `${place} is none of the broker's mounts`, {
    remedy: "give the broker a folder of its own: --mounts",
  });
}

/** Unmounts and removes what is in a folder, of which only what we make is touched. What was never mounted is removed just so. */
function removePlaces(folder: string): void {
  for (const name of readdirSync(folder)) {
    const place = join(folder, name);
    if (!/^\d+$/.test(name)) throw notOurs(place);
    try {
      unmount(place);
    } catch (error) {
      if (codeOf(error) !== "EINVAL") throw error; // not mounted
    }
    // Never what is mounted there: it may be a build's output.
    if (lstatSync(place).isDirectory()) rmdirSync(place);
    else if (lstatSync(place).size === 0) rmSync(place);
    else throw notOurs(place);
  }
  rmdirSync(folder);
}

/** Removes what brokers left that were killed. @param parent as above: its last part is the broker's process */
export function removeLeftPlaces(parent: string): void {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (const owner of readdirSync(dirname(parent))) {
    // One that still runs is at its last builds. A number that another process has by now costs an empty folder.
    if (owner !== basename(parent) && existsSync(`/proc/${owner}`)) continue;
    if (!/^\d+$/.test(owner)) continue;
    const folder = join(dirname(parent), owner);
    for (const name of readdirSync(folder)) if (name.startsWith("build-")) removePlaces(join(folder, name));
    if (folder !== parent) rmdirSync(folder);
  }
}

/** Checks that a path is one of the store's own, whole and finished: those are root's, and nobody can change them. */
export function requireStorePath(path: string, store: string): void {
  const name = path.slice(store.length + 1);
  if (dirname(path) !== store || !storeNamePattern.test(name)) {
    throw new Refused(`${path} is no path of the store`);
  }
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) throw new NotThere(`${path} does not exist`);
  if (stat.uid !== 0) throw new Refused(`${path} is not finished: it belongs to user ${stat.uid}`);
  // Nix takes everybody's right to write when a path is finished; its own folders for builds have root's.
  if ((stat.mode & 0o222) !== 0 || /\.(chroot|lock|check|tmp)$/.test(name)) {
    throw new Refused(`${path} is no finished path of the store`);
  }
  if (!stat.isDirectory() && !stat.isFile()) throw new Refused(`${path} is neither a file nor a folder`);
}
