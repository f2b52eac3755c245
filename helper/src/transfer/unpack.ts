/**
 * Unpacks a tar stream that comes from a container, which may be hostile, into folders that we
 * made. What is written, and where, is decided here.
 *
 * Files are written synchronously: with many small files that is several times faster than
 * node-tar's own asynchronous extraction, and memory stays constant, as the stream waits.
 *
 * Paths are bytes, as text of one character each (latin1), so that they can be compared.
 */
import * as fs from "node:fs";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { readable } from "../common/readable.ts";
import { Holes, refuseEntry, refuseLongPath } from "./forbidden.ts";
import type { Part } from "./tar-header.ts";
import { type Body, type Entry, TarReader } from "./tar-reader.ts";

/** Where the parts of the stream go: path in the stream → folder or file here. */
export type Targets = Record<string, string>;

/** Types of tar entries that no store has. */
const kinds: Record<string, string> = {
  FIFO: "a FIFO",
  CharacterDevice: "a device node",
  BlockDevice: "a device node",
};

/** Bits that a file keeps. Nix rejects an output that others may write to. */
const storeMode = 0o755;
/** What a folder has until its own mode is set. */
const folderMode = 0o755;

/** Failures that are the entry's fault; all others are the machine's. */
const refusals: Record<string, string> = {
  EEXIST: "it comes twice",
  ENAMETOOLONG: "its name, its path or its link's target is too long",
  EILSEQ: "the file system here does not take its name",
  EINVAL: "the file system here does not take its name",
  EMLINK: "it has more hard links than the file system here can have",
  EFBIG: "it is larger than the file system here can have a file",
};

function refuse(path: Buffer, why: string): never {
  throw new VoyagerError("output", `the output has an entry that is not allowed: ${readable(path)}`, { why });
}

const creating = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;

const bytes = (path: string) => Buffer.from(path, "latin1");
const asText = (path: string) => Buffer.from(path).toString("latin1");
const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** Writes all of it, at a place of the file or behind what was written. */
function writeAll(descriptor: number, data: Buffer, position: number | null): void {
  for (let done = 0; done < data.length; ) {
    const place = position === null ? null : position + done;
    done += fs.writeSync(descriptor, data, done, data.length - done, place);
  }
}

export class Unpacker {
  /** Folders that exist because this stream had them: only below these anything is written. */
  readonly #folders = new Set<string>();
  /** Modes are set at the end: a folder that is read-only must still be filled first. */
  readonly #folderModes: [path: string, mode: number][] = [];
  readonly #targets: [from: string, to: string][];
  readonly #tops: Set<string>;
  readonly #reader = new TarReader((entry) => this.#take(entry));
  readonly #holes = new Holes();
  /** The file that is being written. */
  #open: number | null = null;

  constructor(targets: Targets) {
    this.#targets = Object.entries(targets).map(([from, to]) => [asText(from), asText(to)]);
    this.#tops = new Set(this.#targets.map(([, to]) => to));
  }

  /** Takes the next piece of the stream. Throws when it holds what must not come in. */
  write(data: Buffer): void {
    try {
      this.#reader.write(data);
    } catch (error) {
      this.#closeFile();
      // What is wrong with the output, or with our own disk, says so itself.
      if (error instanceof VoyagerError || codeOf(error) !== undefined) throw error;
      throw new VoyagerError("transfer", "the output stream is damaged", {
        why: `${messageOf(error)}, ${this.#reader.place}`,
        cause: error,
      });
    }
  }

  /** Says that the stream has ended. Throws when it ended early. */
  end(): void {
    this.#closeFile();
    if (!this.#reader.isComplete) {
      throw new VoyagerError("transfer", "the output stream ended early", { why: this.#reader.place });
    }
    for (const [path, mode] of this.#folderModes.reverse()) fs.chmodSync(bytes(path), mode);
  }

  #closeFile(): void {
    if (this.#open !== null) fs.closeSync(this.#open);
    this.#open = null;
  }

  /** Does what may fail because of the entry. @param path of the entry, in the stream */
  #attempt<T>(path: Buffer, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const why = refusals[codeOf(error) ?? ""];
      if (why) refuse(path, why);
      throw error;
    }
  }

  /** Path here for a path of the stream. @param entry whose path it is, or whose link's target */
  #resolve(name: Buffer, entry: Buffer = name): string {
    let length = name.length;
    while (name[length - 1] === 0x2f) length--;
    const path = name.toString("latin1", 0, length);
    if (path.includes("..") && path.split("/").includes("..")) refuse(entry, "it has '..' in its path");
    for (const [from, to] of this.#targets) {
      if (path === from) return to;
      if (!path.startsWith(`${from}/`)) continue;
      refuseLongPath(name, from.length);
      return to + path.slice(from.length);
    }
    return refuse(entry, "it lies outside of the outputs");
  }

  #take(entry: Entry): Body | null {
    const path = this.#resolve(entry.path);
    if (!this.#folders.has(parentOf(path)) && !this.#tops.has(path)) {
      refuse(entry.path, "its folder did not come before it, or is a link");
    }
    const { mode } = entry;
    // Folders may inherit setgid; the bit is dropped, as Nix does.
    if (mode & 0o6000 && entry.type !== "Directory") refuseEntry(bytes(path), "a setuid or setgid file");
    switch (entry.type) {
      case "Directory":
        this.#folder(entry, path);
        return null;
      case "File":
      case "Sparse":
        return this.#file(entry, path);
      case "SymbolicLink":
        this.#attempt(entry.path, () => fs.symlinkSync(entry.linkpath, bytes(path)));
        return null;
      case "Link":
        this.#hardLink(entry, path);
        return null;
      default:
        return refuseEntry(bytes(path), kinds[entry.type] ?? `an entry of type ${entry.type}`);
    }
  }

  #folder(entry: Entry, path: string): void {
    if (this.#folders.has(path)) return;
    const place = bytes(path);
    // A link to a folder is none: what follows would be written where it leads.
    const isOurs = this.#tops.has(path) && fs.lstatSync(place, { throwIfNoEntry: false })?.isDirectory();
    if (!isOurs) this.#attempt(entry.path, () => fs.mkdirSync(place, folderMode));
    this.#folders.add(path);
    this.#folderModes.push([path, entry.mode & storeMode]);
  }

  /** Only to a file that this stream had: nobody else writes into its folders. */
  #hardLink(entry: Entry, path: string): void {
    const target = this.#resolve(entry.linkpath, entry.path);
    const isOurs = this.#folders.has(parentOf(target)) || this.#tops.has(target);
    const found = isOurs ? fs.lstatSync(bytes(target), { throwIfNoEntry: false }) : undefined;
    if (!found?.isFile()) refuse(entry.path, "it is a hard link to no file of the output");
    this.#attempt(entry.path, () => fs.linkSync(bytes(target), bytes(path)));
  }

  #file(entry: Entry, path: string): Body {
    const { mode, size, parts } = entry;
    if (parts !== null) {
      const stored = parts.reduce((sum, { length }) => sum + length, 0);
      this.#holes.add(entry.path, size - stored);
    }
    const place = bytes(path);
    const descriptor = this.#attempt(entry.path, () => fs.openSync(place, creating, mode & storeMode));
    this.#open = descriptor;
    const name = Buffer.from(entry.path);
    if (parts !== null) {
      this.#attempt(name, () => fs.ftruncateSync(descriptor, size));
      return this.#sparseBody(name, descriptor, parts);
    }
    return {
      write: (data) => this.#attempt(name, () => writeAll(descriptor, data, null)),
      end: () => this.#closeFile(),
    };
  }

  /** Puts what is stored to its places. */
  #sparseBody(name: Buffer, descriptor: number, parts: Part[]): Body {
    let index = 0;
    let done = 0;
    return {
      write: (data) => {
        for (let at = 0; at < data.length; ) {
          // The reader has checked that the parts are as long as what comes.
          const { offset, length } = parts[index] as Part;
          const piece = data.subarray(at, at + length - done);
          this.#attempt(name, () => writeAll(descriptor, piece, offset + done));
          at += piece.length;
          done += piece.length;
          if (done < length) continue;
          index++;
          done = 0;
        }
      },
      end: () => this.#closeFile(),
    };
  }
}
