/**
 * Unpacks a tar stream that comes from a container, which may be hostile, into folders that we
 * made. A library parses it; what is written, and where, is decided here.
 *
 * Files are written synchronously: with many small files that is several times faster than
 * node-tar's own asynchronous extraction, and memory stays constant, as the parser waits.
 */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { Parser, type ReadEntry } from "tar";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { refuseEntry } from "./forbidden.ts";

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

export class Unpacker {
  /** Folders that exist because this stream had them: only below these anything is written. */
  readonly #folders = new Set<string>();
  readonly #files = new Set<string>();
  /** Modes are set at the end: a folder that is read-only must still be filled first. */
  readonly #folderModes: [path: string, mode: number][] = [];
  readonly #parser: Parser;
  #failure: unknown = null;
  #ended = false;

  constructor(private readonly targets: Targets) {
    this.#parser = new Parser({
      strict: true,
      onReadEntry: (entry) => {
        this.#guard(() => this.#take(entry));
        if (this.#failure) entry.resume();
      },
    });
    this.#parser.on("error", (error: unknown) => {
      this.#failure ??= new VoyagerError("transfer", "the output stream is damaged", {
        why: messageOf(error),
        cause: error,
      });
    });
    // The end of the archive, not of the stream: one that is cut between two entries looks whole.
    this.#parser.on("eof", () => {
      this.#ended = true;
    });
  }

  /** Takes the next piece of the stream. Throws when it holds what must not come in. */
  write(data: Buffer): void {
    this.#parser.write(data);
    if (this.#failure) throw this.#failure;
  }

  /** Says that the stream has ended. Throws when it ended early. */
  end(): void {
    this.#parser.end();
    if (this.#failure) throw this.#failure;
    if (!this.#ended) throw new VoyagerError("transfer", "the output stream ended early");
    for (const [path, mode] of this.#folderModes.reverse()) fs.chmodSync(path, mode);
  }

  #guard(action: () => void): void {
    if (this.#failure) return;
    try {
      action();
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Makes what must not be there yet. */
  #create<T>(entry: ReadEntry, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (codeOf(error) === "EEXIST") refuse(entry.path, "it comes twice");
      throw error;
    }
  }

  /** Path here for a path of the stream. */
  #resolve(name: string): string {
    const path = name.replace(/\/+$/, "");
    if (path.includes("\ufffd")) refuse(name, "its name is not UTF-8, which streaming cannot keep");
    if (path.split("/").includes("..")) refuse(name, "it has '..' in its path");
    for (const [from, to] of Object.entries(this.targets)) {
      if (path === from) return to;
      if (path.startsWith(`${from}/`)) return to + path.slice(from.length);
    }
    return refuse(name, "it lies outside of the outputs");
  }

  #take(entry: ReadEntry): void {
    const path = this.#resolve(entry.path);
    const isTop = Object.values(this.targets).includes(path);
    if (!isTop && !this.#folders.has(dirname(path))) {
      refuse(entry.path, "its folder did not come before it, or is a link");
    }
    const mode = entry.mode ?? 0o644;
    // Folders may inherit setgid; the bit is dropped, as Nix does.
    if (mode & 0o6000 && entry.type !== "Directory") refuseEntry(path, "a setuid or setgid file");
    switch (entry.type) {
      case "Directory":
        this.#folder(entry, path, mode);
        return;
      case "File":
      case "OldFile":
      case "ContiguousFile":
        this.#file(entry, path, mode);
        return;
      case "SymbolicLink":
        this.#create(entry, () => fs.symlinkSync(entry.linkpath ?? "", path));
        break;
      case "Link": {
        const target = this.#resolve(entry.linkpath ?? "");
        if (!this.#files.has(target)) refuse(entry.path, "it is a hard link to no file of the output");
        this.#create(entry, () => fs.linkSync(target, path));
        this.#files.add(path);
        break;
      }
      default:
        refuseEntry(path, kinds[entry.type] ?? `an entry of type ${entry.type}`);
    }
    entry.resume();
  }

  #folder(entry: ReadEntry, path: string, mode: number): void {
    if (!this.#folders.has(path)) {
      const isOurs = Object.values(this.targets).includes(path) && fs.existsSync(path);
      if (!isOurs) this.#create(entry, () => fs.mkdirSync(path, 0o755));
      this.#folders.add(path);
      this.#folderModes.push([path, mode & storeMode]);
    }
    entry.resume();
  }

  #file(entry: ReadEntry, path: string, mode: number): void {
    const flags =
      fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;
    const descriptor = this.#create(entry, () => fs.openSync(path, flags, mode & storeMode));
    this.#files.add(path);
    entry.on("data", (data: Buffer) => {
      this.#guard(() => {
        for (let rest = data; rest.length > 0; ) rest = rest.subarray(fs.writeSync(descriptor, rest));
      });
    });
    entry.on("end", () => fs.closeSync(descriptor));
  }
}
