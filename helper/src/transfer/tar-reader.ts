/**
 * Takes a tar stream apart as it comes. Libraries make a stream of each entry, which with many small
 * files takes longer than writing the files does; and they guess where a header is odd.
 */
import { readable } from "../common/readable.ts";
import {
  block,
  type EntryType,
  type Extension,
  type Header,
  type Part,
  PartMap,
  readHeader,
  readLongName,
  readPax,
} from "./tar-header.ts";

/** Takes a file's content; `end` is called when all of it has come. */
export interface Body {
  write(data: Buffer): void;
  end(): void;
}

/** A longer header for one entry is a mistake, or meant to fill our memory. */
const longestExtension = 1024 * 1024;
const emptyBlock = Buffer.alloc(block);

/** An entry of the stream, as its headers describe it. Its buffers are valid until the call returns. */
export interface Entry {
  type: EntryType;
  path: Buffer;
  /** Empty where there is none. */
  linkpath: Buffer;
  mode: number;
  /** Of the whole file. */
  size: number;
  /** The parts of a file with holes, which are all that comes; null for any other. */
  parts: Part[] | null;
}

/** How the content of an extension is read. */
const extensions: Partial<Record<EntryType, (data: Buffer) => Extension>> = {
  Pax: readPax,
  GlobalPax: readPax,
  LongName: (data) => ({ path: readLongName(data) }),
  LongTarget: (data) => ({ linkpath: readLongName(data) }),
};

export class TarReader {
  readonly #header = Buffer.alloc(block);
  #headerBytes = 0;
  #bodyLeft = 0;
  #paddingLeft = 0;
  #body: Body | null = null;
  #extension: { type: EntryType; pieces: Buffer[] } | null = null;
  /** A file with holes whose parts have not all come. */
  #sparse: { header: Header; map: PartMap } | null = null;
  #next: Extension = {};
  #always: Extension = {};
  #emptyBlocks = 0;
  /** Where an error is: behind this entry. */
  #last: Buffer | null = null;

  /** @param onEntry told of each entry; says who takes its content, null: nobody */
  constructor(private readonly onEntry: (entry: Entry) => Body | null) {}

  /** Whether the end of the archive has come, which a stream that is cut between two entries lacks. */
  get isComplete(): boolean {
    return this.#emptyBlocks >= 2;
  }

  /** The place in the stream, for errors: the last entry that could be read. */
  get place(): string {
    return this.#last === null ? "at its beginning" : `behind the entry ${readable(this.#last)}`;
  }

  /** Takes the next piece of the stream. Throws when it is no tar stream, and what `onEntry` throws. */
  write(data: Buffer): void {
    let at = 0;
    while (at < data.length && !this.isComplete) {
      if (this.#bodyLeft > 0) {
        const piece =
          at === 0 && data.length <= this.#bodyLeft ? data : data.subarray(at, at + this.#bodyLeft);
        at += piece.length;
        this.#bodyLeft -= piece.length;
        this.#content(piece);
      } else if (this.#paddingLeft > 0) {
        const skipped = Math.min(this.#paddingLeft, data.length - at);
        this.#paddingLeft -= skipped;
        at += skipped;
      } else if (this.#headerBytes === 0 && data.length - at >= block) {
        this.#take(data.subarray(at, at + block));
        at += block;
      } else {
        const copied = data.copy(this.#header, this.#headerBytes, at, at + block - this.#headerBytes);
        at += copied;
        this.#headerBytes += copied;
        if (this.#headerBytes === block) {
          this.#headerBytes = 0;
          this.#take(this.#header);
        }
      }
    }
  }

  #content(piece: Buffer): void {
    if (this.#extension) this.#extension.pieces.push(Buffer.from(piece));
    else this.#body?.write(piece);
    if (this.#bodyLeft === 0) this.#endBody();
  }

  #endBody(): void {
    if (this.#extension) {
      const { type, pieces } = this.#extension;
      this.#extension = null;
      const said = extensions[type]?.(Buffer.concat(pieces)) ?? {};
      if (type === "GlobalPax") this.#always = { ...this.#always, ...said };
      else this.#next = { ...this.#next, ...said };
    } else {
      this.#body?.end();
      this.#body = null;
    }
  }

  #take(data: Buffer): void {
    if (this.#sparse) {
      this.#sparse.map.more(data);
      this.#endMap();
      return;
    }
    if (data[0] === 0 && data.equals(emptyBlock)) {
      if (Object.keys(this.#next).length > 0) throw new Error("the archive ends where an entry should come");
      this.#emptyBlocks++;
      return;
    }
    this.#emptyBlocks = 0;
    const header = readHeader(data);
    if (extensions[header.type]) {
      if (header.size > longestExtension) throw new Error("a header is too long");
      this.#extension = { type: header.type, pieces: [] };
      this.#beginBody(header.size);
      return;
    }
    header.size = this.#next.size ?? this.#always.size ?? header.size;
    if (header.type === "Sparse") {
      const { path, linkpath } = header;
      // They lie in memory that the next block may take.
      const kept = { ...header, path: Buffer.from(path), linkpath: Buffer.from(linkpath) };
      this.#sparse = { header: kept, map: new PartMap(data, header.size) };
      this.#endMap();
      return;
    }
    this.#entry(header, null);
  }

  /** Hands on a file with holes when its last part is known. */
  #endMap(): void {
    if (!this.#sparse || this.#sparse.map.goesOn) return;
    const { header, map } = this.#sparse;
    this.#sparse = null;
    map.check();
    this.#entry(header, map);
  }

  #beginBody(size: number): void {
    this.#bodyLeft = size;
    this.#paddingLeft = (block - (size % block)) % block;
    if (size === 0) this.#endBody();
  }

  #entry({ mode, size, ...own }: Header, map: PartMap | null): void {
    const path = this.#next.path ?? this.#always.path ?? own.path;
    // Before POSIX a folder was a file with a slash at its end.
    const type = own.type === "File" && path.at(-1) === 0x2f ? "Directory" : own.type;
    const linkpath = this.#next.linkpath ?? this.#always.linkpath ?? own.linkpath;
    this.#next = {};
    if (path.length === 0) throw new Error("a header has no path");
    this.#last = Buffer.from(path);
    if ((type === "Link" || type === "SymbolicLink") !== linkpath.length > 0) {
      throw new Error("this entry has a link's target amiss");
    }
    if (size > 0 && type !== "File" && type !== "Sparse") throw new Error(`this ${type} has content`);
    const whole = map === null ? size : map.size;
    this.#body = this.onEntry({ type, path, linkpath, mode, size: whole, parts: map?.parts ?? null });
    this.#beginBody(size);
  }
}
