/**
 * Takes a tar stream apart as it comes. Headers are read by a library; what is between them is done
 * here, because with many small files the library's own parser, which makes a stream of each, takes
 * longer than writing the files does.
 */
import { Header, type HeaderData, Pax } from "tar";

/** Takes a file's content; `end` is called when all of it has come. */
export interface Body {
  write(data: Buffer): void;
  end(): void;
}

const block = 512;
/** A longer header for one entry is a mistake, or meant to fill our memory. */
const longestExtension = 1024 * 1024;

/** An entry of the stream, as its headers describe it. */
export interface Entry {
  type: string;
  path: string;
  linkpath: string;
  mode: number;
}

type Fields = Pick<HeaderData, "path" | "linkpath" | "size">;

/** Types of entries that say more of the one that follows. */
const extensions = new Set([
  "ExtendedHeader",
  "OldExtendedHeader",
  "GlobalExtendedHeader",
  "NextFileHasLongPath",
  "NextFileHasLongLinkpath",
]);

export class TarReader {
  readonly #header = Buffer.alloc(block);
  #headerBytes = 0;
  #bodyLeft = 0;
  #paddingLeft = 0;
  #body: Body | null = null;
  #extension: { type: string; pieces: Buffer[] } | null = null;
  #next: Fields = {};
  #always: Fields = {};
  #emptyBlocks = 0;

  /** @param onEntry told of each entry; says who takes its content, null: nobody */
  constructor(private readonly onEntry: (entry: Entry) => Body | null) {}

  /** Whether the end of the archive has come, which a stream that is cut between two entries lacks. */
  get isComplete(): boolean {
    return this.#emptyBlocks >= 2;
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
        this.#take(data, at);
        at += block;
      } else {
        const copied = data.copy(this.#header, this.#headerBytes, at, at + block - this.#headerBytes);
        at += copied;
        this.#headerBytes += copied;
        if (this.#headerBytes === block) {
          this.#headerBytes = 0;
          this.#take(this.#header, 0);
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
      this.#extend(type, Buffer.concat(pieces).toString("utf8"));
    } else {
      this.#body?.end();
      this.#body = null;
    }
  }

  #extend(type: string, text: string): void {
    const name = text.replace(/\0.*/s, "");
    if (type === "NextFileHasLongPath") this.#next = { ...this.#next, path: name };
    else if (type === "NextFileHasLongLinkpath") this.#next = { ...this.#next, linkpath: name };
    else if (type === "GlobalExtendedHeader")
      this.#always = Pax.parse(text, this.#always as HeaderData, true);
    else this.#next = Pax.parse(text, this.#next as HeaderData, false);
  }

  #take(data: Buffer, at: number): void {
    const header = new Header(data, at, this.#next, this.#always);
    if (header.nullBlock) {
      this.#emptyBlocks++;
      return;
    }
    this.#emptyBlocks = 0;
    if (!header.cksumValid) throw new Error("a header's checksum is wrong");
    const { type, size = 0 } = header;
    if (!Number.isSafeInteger(size) || size < 0) throw new Error("a header has no valid size");
    this.#bodyLeft = size;
    this.#paddingLeft = (block - (size % block)) % block;
    if (extensions.has(type)) {
      if (size > longestExtension) throw new Error("a header is too long");
      this.#extension = { type, pieces: [] };
    } else {
      this.#body = this.#entry(header);
      this.#next = {};
    }
    if (size === 0) this.#endBody();
  }

  #entry(header: Header): Body | null {
    const { type, mode = 0o644 } = header;
    // The library puts the old format's prefix before a path that came in an extension, too.
    const path = this.#next.path ?? this.#always.path ?? header.path ?? "";
    const linkpath = this.#next.linkpath ?? this.#always.linkpath ?? header.linkpath ?? "";
    if (path === "") throw new Error("a header has no path");
    if ((type === "Link" || type === "SymbolicLink") !== (linkpath !== "")) {
      throw new Error(`the header of ${path} has a link's target amiss`);
    }
    return this.onEntry({ type, path, linkpath, mode });
  }
}
