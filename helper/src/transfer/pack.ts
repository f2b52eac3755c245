/**
 * Packs files into a tar stream, in constant memory. Files are read synchronously, many of them into
 * one buffer: with small files that takes a third of the time of node-tar's own `create`, whose
 * headers these are, and which needs more than a dozen microtasks for each file.
 */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { Header, type HeaderData, Pax } from "tar";
import { VoyagerError } from "../common/errors.ts";
import type { Identity } from "./identity.ts";

/** Files that are to be packed. */
export interface Parts {
  folder: string;
  /** Relative to the folder; "." is the folder itself. */
  paths: string[];
  /** Packs what symbolic links point to, under the links' names. */
  follow?: boolean;
  /** What the stream has before each path. */
  prefix?: string;
}

/** Bytes of a tar stream's unit. */
const block = 512;
/** Size of each of the stream's pieces but the last. */
export const pieceSize = 256 * 1024;

/** A tar stream of `paths` (relative to `folder`), uncompressed: see `packAll`. */
export function pack(folder: string, paths: string[], follow = false): Readable {
  return packAll([{ folder, paths, follow }]);
}

/**
 * A tar stream of all parts, uncompressed: on a local socket compression costs more than it saves.
 * Symlinks stay symlinks (unless `follow`), hard links within one path hard links.
 */
export function packAll(parts: Parts[]): Readable {
  return Readable.from(copies(pieces(parts)), { objectMode: false, highWaterMark: pieceSize });
}

function* copies(all: Iterable<Buffer>): Generator<Buffer> {
  for (const piece of all) yield Buffer.from(piece);
}

/**
 * The same, piece by piece; each is valid until the next is asked for, as all are in the same memory:
 * what a large file passes through would be garbage faster than it is collected.
 */
export function* pieces(parts: Parts[]): Generator<Buffer> {
  const packer = new Packer();
  for (const { folder, paths, follow = false, prefix = "" } of parts) {
    for (const path of paths) {
      packer.forgetLinks();
      yield* packer.tree(join(folder, path), path === "." ? prefix || path : prefix + path, follow);
    }
  }
  yield* packer.end();
}

/** An entry that is not read from a disk. */
export interface MadeEntry {
  path: string;
  mode: number;
  owner: Identity;
  content:
    | { type: "Directory" }
    | { type: "File"; text: string | Buffer }
    | { type: "SymbolicLink"; target: string };
}

/** A tar archive of entries that are not read from a disk. */
export function packMade(entries: MadeEntry[]): Buffer {
  const packed = entries.flatMap(({ path, mode, owner, content }) => {
    const { type } = content;
    const text = type === "File" ? content.text : "";
    const body = typeof text === "string" ? Buffer.from(text) : text;
    const link = type === "SymbolicLink" ? { linkpath: content.target } : {};
    const header = headers({ path, mode, ...owner, ...link, type, size: body.length, mtime: new Date(0) });
    return [header, body, Buffer.alloc(padding(body.length))];
  });
  return Buffer.concat([...packed, Buffer.alloc(2 * block)]);
}

/** Bytes from the end of a file to the next entry. */
function padding(size: number): number {
  return (block - (size % block)) % block;
}

/** An entry's header, after a longer one where a field does not fit into the old format. */
function headers(data: HeaderData): Buffer {
  const header = new Header(data);
  const needsMore = header.encode();
  const own = header.block as Buffer;
  return needsMore ? Buffer.concat([new Pax(data).encode(), own]) : own;
}

class Packer {
  readonly #piece = Buffer.allocUnsafeSlow(pieceSize);
  #used = 0;
  /** Where a file with several names came first, by device and inode. */
  readonly #links = new Map<string, string>();

  forgetLinks(): void {
    this.#links.clear();
  }

  /** A file or folder with all that is in it. @param name what the stream calls it */
  *tree(path: string, name: string, follow: boolean): Generator<Buffer> {
    const stat = follow ? fs.statSync(path) : fs.lstatSync(path);
    const { uid, gid, mtime } = stat;
    const common = { path: name, mode: stat.mode & 0o7777, uid, gid, mtime, size: 0 };
    if (stat.isDirectory()) {
      yield* this.#add(headers({ ...common, path: `${name}/`, type: "Directory" }));
      for (const entry of fs.readdirSync(path))
        yield* this.tree(`${path}/${entry}`, `${name}/${entry}`, follow);
    } else if (stat.isSymbolicLink()) {
      yield* this.#add(headers({ ...common, type: "SymbolicLink", linkpath: fs.readlinkSync(path) }));
    } else if (stat.isFile()) {
      const first = stat.nlink > 1 ? this.#firstName(stat, name) : name;
      if (first !== name) yield* this.#add(headers({ ...common, type: "Link", linkpath: first }));
      else {
        yield* this.#add(headers({ ...common, size: stat.size, type: "File" }));
        yield* this.#content(path, stat.size);
      }
    } else {
      throw new VoyagerError("transfer", `only files, folders and symbolic links can be streamed: ${path}`);
    }
  }

  *end(): Generator<Buffer> {
    yield* this.#zeros(2 * block);
    if (this.#used > 0) yield this.#piece.subarray(0, this.#used);
  }

  #firstName({ dev, ino }: fs.Stats, name: string): string {
    const key = `${dev}:${ino}`;
    const first = this.#links.get(key);
    if (first !== undefined) return first;
    this.#links.set(key, name);
    return name;
  }

  /** Room for at least one byte; what was full before is handed out. */
  *#room(): Generator<Buffer> {
    if (this.#used < pieceSize) return;
    yield this.#piece;
    this.#used = 0;
  }

  *#add(data: Buffer): Generator<Buffer> {
    for (let done = 0; done < data.length; ) {
      yield* this.#room();
      const copied = data.copy(this.#piece, this.#used, done);
      this.#used += copied;
      done += copied;
    }
  }

  *#zeros(count: number): Generator<Buffer> {
    for (let left = count; left > 0; ) {
      yield* this.#room();
      const filled = Math.min(left, pieceSize - this.#used);
      this.#piece.fill(0, this.#used, this.#used + filled);
      this.#used += filled;
      left -= filled;
    }
  }

  /** Exactly `size` bytes: what is added meanwhile is left out, and what is missing an error. */
  *#content(path: string, size: number): Generator<Buffer> {
    if (size === 0) return;
    const file = fs.openSync(path, "r");
    try {
      for (let left = size; left > 0; ) {
        yield* this.#room();
        const wanted = Math.min(left, pieceSize - this.#used);
        const read = fs.readSync(file, this.#piece, this.#used, wanted, null);
        if (read === 0) {
          throw new VoyagerError("transfer", `${path} became shorter while it was read`);
        }
        this.#used += read;
        left -= read;
      }
    } finally {
      fs.closeSync(file);
    }
    yield* this.#zeros(padding(size));
  }
}

/** Writes files below `folder`, making the folders between. */
export function writeFiles(
  folder: string,
  files: { path: string; content: string | Buffer; mode: number }[],
): void {
  for (const { path, content, mode } of files) {
    const file = join(folder, path);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, content, { mode });
  }
}
