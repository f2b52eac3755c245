/**
 * Unpacks a tar stream that comes from a container, which may be hostile, into folders that we
 * made. What is written, and where, is decided here.
 *
 * Files are written synchronously: with many small files that is several times faster than
 * node-tar's own asynchronous extraction, and memory stays constant, as the stream waits.
 */
import * as fs from "node:fs";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { refuseEntry } from "./forbidden.ts";
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

function refuse(path: string, why: string): never {
  throw new VoyagerError("output", `the output has an entry that is not allowed: ${path}`, { why });
}

const creating = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;

export class Unpacker {
  /** Folders that exist because this stream had them: only below these anything is written. */
  readonly #folders = new Set<string>();
  /** Only what is here can be hard linked to. */
  readonly #files = new Set<string>();
  /** Modes are set at the end: a folder that is read-only must still be filled first. */
  readonly #folderModes: [path: string, mode: number][] = [];
  readonly #targets: [from: string, to: string][];
  readonly #tops: Set<string>;
  readonly #reader = new TarReader((entry) => this.#take(entry));
  /** The file that is being written. */
  #open: number | null = null;

  constructor(targets: Targets) {
    this.#targets = Object.entries(targets);
    this.#tops = new Set(Object.values(targets));
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
        why: messageOf(error),
        cause: error,
      });
    }
  }

  /** Says that the stream has ended. Throws when it ended early. */
  end(): void {
    this.#closeFile();
    if (!this.#reader.isComplete) throw new VoyagerError("transfer", "the output stream ended early");
    for (const [path, mode] of this.#folderModes.reverse()) fs.chmodSync(path, mode);
  }

  #closeFile(): void {
    if (this.#open !== null) fs.closeSync(this.#open);
    this.#open = null;
  }

  /** Makes what must not be there yet. */
  #create<T>(entry: Entry, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (codeOf(error) === "EEXIST") refuse(entry.path, "it comes twice");
      throw error;
    }
  }

  /** Path here for a path of the stream. */
  #resolve(name: string): string {
    let length = name.length;
    while (name.charCodeAt(length - 1) === 0x2f) length--;
    const path = name.slice(0, length);
    if (path.includes("\ufffd")) refuse(name, "its name is not UTF-8, which streaming cannot keep");
    if (path.includes("..") && path.split("/").includes("..")) refuse(name, "it has '..' in its path");
    for (const [from, to] of this.#targets) {
      if (path === from) return to;
      if (path.startsWith(`${from}/`)) return to + path.slice(from.length);
    }
    return refuse(name, "it lies outside of the outputs");
  }

  #take(entry: Entry): Body | null {
    const path = this.#resolve(entry.path);
    if (!this.#folders.has(path.slice(0, path.lastIndexOf("/"))) && !this.#tops.has(path)) {
      refuse(entry.path, "its folder did not come before it, or is a link");
    }
    const { mode } = entry;
    // Folders may inherit setgid; the bit is dropped, as Nix does.
    if (mode & 0o6000 && entry.type !== "Directory") refuseEntry(path, "a setuid or setgid file");
    switch (entry.type) {
      case "Directory":
        this.#folder(entry, path, mode);
        return null;
      case "File":
      case "OldFile":
      case "ContiguousFile":
        return this.#file(entry, path, mode);
      case "SymbolicLink":
        this.#create(entry, () => fs.symlinkSync(entry.linkpath, path));
        return null;
      case "Link": {
        const target = this.#resolve(entry.linkpath);
        if (!this.#files.has(target)) refuse(entry.path, "it is a hard link to no file of the output");
        this.#create(entry, () => fs.linkSync(target, path));
        this.#files.add(path);
        return null;
      }
      default:
        return refuseEntry(path, kinds[entry.type] ?? `an entry of type ${entry.type}`);
    }
  }

  #folder(entry: Entry, path: string, mode: number): void {
    if (this.#folders.has(path)) return;
    const isOurs = this.#tops.has(path) && fs.existsSync(path);
    if (!isOurs) this.#create(entry, () => fs.mkdirSync(path, 0o755));
    this.#folders.add(path);
    this.#folderModes.push([path, mode & storeMode]);
  }

  #file(entry: Entry, path: string, mode: number): Body {
    const descriptor = this.#create(entry, () => fs.openSync(path, creating, mode & storeMode));
    this.#open = descriptor;
    this.#files.add(path);
    return {
      write: (data) => {
        for (let done = 0; done < data.length; ) done += fs.writeSync(descriptor, data, done);
      },
      end: () => this.#closeFile(),
    };
  }
}
