/** Reads tars, compressed or not, and Debian packages, which have one in them. */
import type { Parser, ReadEntry } from "tar";
import type { ByteSource } from "../elf/bytes.ts";
import {
  type Compression,
  compressions,
  decompress,
  peek,
  pieces,
  type Range,
  type Take,
} from "./decompress.ts";
import { headSize, type Kind, kindOf } from "./kind.ts";
import { ArchiveError } from "./limits.ts";
import { type Members, undecided } from "./members.ts";

/** Thrown to end reading where there is no archive. */
const enough = Symbol("enough");

const isCompression = (kind: Kind): kind is Compression => (compressions as readonly Kind[]).includes(kind);

/** The parser must not see what its listeners throw. */
function guarded(fail: (error: unknown) => void, action: () => void): void {
  try {
    action();
  } catch (error) {
    fail(error);
  }
}

function takeEntry(entry: ReadEntry, members: Members, fail: (error: unknown) => void): void {
  const name = Buffer.from(entry.path);
  const guard = (action: () => void) => guarded(fail, action);
  guard(() => members.budget.entry());
  if (entry.type === "Link") guard(() => members.link(name, Buffer.from(entry.linkpath ?? "")));
  if (entry.type === "SymbolicLink") members.symbolicLink(name, Buffer.from(entry.linkpath ?? ""));
  const isFile = ["File", "OldFile", "ContiguousFile"].includes(entry.type);
  // GNU tar's own name for a file with holes, which begins with a list of them.
  const isSparse = entry.path.split("/").some((part) => part.startsWith("GNUSparseFile."));
  if (isFile && isSparse) {
    guard(() => members.refuse(name, "it is stored with holes, which is not known here"));
  }
  if (!isFile || isSparse) {
    entry.resume();
    return;
  }
  const writer = undecided((head) => members.take(name, head, entry.size));
  entry.on("data", (data: Buffer) => guard(() => writer.write(data)));
  entry.on("end", () => guard(() => writer.end()));
}

/** A parser that reads into the members. */
class TarReader {
  readonly #parser: Parser;
  #failure: unknown = null;
  #ended = false;

  constructor(Tar: typeof Parser, members: Members) {
    const fail = (error: unknown) => {
      this.#failure ??= error;
    };
    this.#parser = new Tar({ strict: true });
    this.#parser.on("entry", (entry: ReadEntry) => takeEntry(entry, members, fail));
    this.#parser.on("ignoredEntry", (entry: ReadEntry) => {
      guarded(fail, () =>
        members.refuse(Buffer.from(entry.path), `it is of a type that is not known here, ${entry.type}`),
      );
    });
    this.#parser.on("error", (error: Error) =>
      fail(new ArchiveError(`the tar is damaged: ${error.message}`)),
    );
    this.#parser.on("eof", () => {
      this.#ended = true;
    });
  }

  /** Whether the archive's end has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the next piece. What follows the archive's end is not of it. */
  write(data: Buffer): void {
    if (this.#ended) return;
    this.#parser.write(data);
    if (this.#failure) throw this.#failure;
  }
}

/** Whether compressed data is worth a stream: not if it holds a manual page. */
function maybeTar(kind: Compression, { source, start, end }: Range): boolean {
  if (kind !== "gzip") return true;
  const packed = source.read(start, Math.min(end - start, 1024));
  try {
    const head = peek(packed, packed.length === end - start, "gzip", headSize);
    return head === null || kindOf(head) === "tar";
  } catch {
    return true; // the stream tells why
  }
}

/** Reads a tar that may be compressed. What is compressed and no tar is left alone, unless it must be one. */
async function readRange(kind: Kind, range: Range, members: Members, mustBeTar: boolean): Promise<void> {
  if (isCompression(kind) && !mustBeTar && !maybeTar(kind, range)) return;
  const { Parser } = await import("tar");
  // Typed so, as the compiler does not see that it is set below.
  let reader = null as TarReader | null;
  let isTar = mustBeTar;
  const start = undecided((head) => {
    isTar = kindOf(head) === "tar" || mustBeTar;
    if (!isTar) throw enough;
    const parser = new TarReader(Parser, members);
    reader = parser;
    return { write: (data) => parser.write(data), end: () => {} };
  });
  const take: Take = (data) => {
    members.countBytes(data.length);
    start.write(data);
  };
  try {
    if (isCompression(kind)) await decompress(kind, range, take);
    else for (const data of pieces(range)) take(data);
    start.end();
  } catch (error) {
    if (error === enough) return;
    throw error;
  }
  // Compressed data was read to its own end: there is the checksum of all of it.
  if (isTar && !reader?.ended) throw new ArchiveError("the tar ends early");
}

/** Reads a whole file. Throws ArchiveError. */
export async function readTar(kind: Kind, source: ByteSource, members: Members): Promise<void> {
  await readRange(kind, { source, start: 0, end: source.size }, members, false);
}

/** More are in no package: it has three. */
const mostParts = 100;
const arHeader = 60;

/** Reads a Debian package: an "ar" archive, of which data.tar.* holds the files. See deb(5). */
export async function readDeb(source: ByteSource, members: Members): Promise<void> {
  let at = 8;
  for (let part = 0; part < mostParts && at + arHeader <= source.size; part++) {
    const header = source.read(at, arHeader).toString("latin1");
    const name = header.slice(0, 16).replace(/[/ ]+$/, "");
    const bytes = /^(\d+) *$/.exec(header.slice(48, 58))?.[1];
    if (bytes === undefined) throw new ArchiveError("the package is damaged: a part has no size");
    const range = { source, start: at + arHeader, end: at + arHeader + Number(bytes) };
    if (range.end > source.size) throw new ArchiveError("the package is truncated");
    if (name.startsWith("data.tar")) {
      const kind = kindOf(source.read(range.start, Math.min(headSize, range.end - range.start)));
      if (kind !== "tar" && !isCompression(kind)) {
        throw new ArchiveError(`its ${name} is compressed in a way that is not known here`);
      }
      return readRange(kind, range, members, true);
    }
    at = range.end + (range.end % 2);
  }
  throw new ArchiveError("the package has no data.tar");
}
