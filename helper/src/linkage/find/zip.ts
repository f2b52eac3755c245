/** Reads zips: wheels, jars, eggs, and those that are appended to a program or a script. */
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import type { ByteSource } from "../elf/bytes.ts";
import { peek, pieces } from "./decompress.ts";
import { endsAsZip, headSize, zipEndSize } from "./kind.ts";
import { ArchiveError } from "./limits.ts";
import { archiveMessage, type Members } from "./members.ts";

/** Enough compressed bytes for the beginning of nearly every member. */
const peekSize = 512;

/**
 * Where the zip begins in its file. Offsets in it are counted from there, unless its maker has
 * corrected them for what is before it.
 */
function startOf(source: ByteSource): number {
  if (!endsAsZip(source)) return 0;
  const end = source.read(source.size - zipEndSize, zipEndSize);
  const [directory, offset] = [end.readUInt32LE(12), end.readUInt32LE(16)];
  // Those of a zip64 are elsewhere.
  if (directory === 0xffffffff || offset === 0xffffffff) return 0;
  return Math.max(0, source.size - zipEndSize - directory - offset);
}

async function open(source: ByteSource): Promise<{ zip: ZipFile; inside: ByteSource }> {
  const yauzl = await import("yauzl");
  const start = startOf(source);
  const inside: ByteSource = {
    size: source.size - start,
    read: (offset, length) => source.read(start + offset, length),
  };
  /** Reads from blocks that are in memory, where the library's own takes a turn of the loop for each field. */
  class Reader extends yauzl.RandomAccessReader {
    override _readStreamForRange(from: number, to: number): Readable {
      return Readable.from(pieces({ source: inside, start: from, end: to }), { objectMode: false });
    }

    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null, count?: number) => void,
    ): void {
      let failure: Error | null = null;
      try {
        inside.read(position, length).copy(buffer, offset);
      } catch (error) {
        failure = error as Error;
      }
      callback(failure, length);
    }
  }
  const options = { lazyEntries: true, decodeStrings: false, validateEntrySizes: true, autoClose: false };
  const zip = await yauzl.fromRandomAccessReaderPromise(new Reader(), inside.size, options);
  return { zip, inside };
}

/** Data of an entry, checked as it comes. */
async function inflate(
  zip: ZipFile,
  entry: Entry,
  members: Members,
  take: (data: Buffer) => boolean,
): Promise<void> {
  let sum = 0;
  for await (const data of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    members.countBytes(data.length);
    sum = crc32(data, sum);
    if (!take(data)) return;
  }
  if (sum !== entry.crc32) throw new ArchiveError("its checksum is wrong");
}

/** The beginning of an entry's data, inflated no further than needed. */
async function headOf(zip: ZipFile, inside: ByteSource, entry: Entry, start: number, members: Members) {
  const packed = inside.read(start, Math.min(entry.compressedSize, peekSize));
  const isAll = packed.length === entry.compressedSize;
  if (entry.compressionMethod === 0) return packed.subarray(0, headSize);
  const head = peek(packed, isAll, "deflate", headSize);
  if (head) return head;
  // Data that begins with nothing, again and again: a real compressor does not do that.
  let data = Buffer.alloc(0);
  await inflate(zip, entry, members, (piece) => {
    data = Buffer.concat([data, piece]);
    return data.length < headSize;
  });
  return data.subarray(0, headSize);
}

/** Reads an entry into the members; returns where its data ends. */
async function readEntry(zip: ZipFile, inside: ByteSource, entry: Entry, members: Members): Promise<number> {
  // The types say text, but with `decodeStrings` off it is bytes.
  const name = entry.fileName as unknown as Buffer;
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const end = fileDataStart + entry.compressedSize;
  if (entry.compressedSize === 0) return end;
  if (!entry.canDecodeFileData()) {
    const why = entry.isEncrypted()
      ? "it is encrypted"
      : `it is compressed by method ${entry.compressionMethod}`;
    members.refuse(name, `${why}, which is not known here`);
    return end;
  }
  const head = await headOf(zip, inside, entry, fileDataStart, members);
  const writer = members.take(name, head, entry.uncompressedSize);
  if (!writer) return end;
  await inflate(zip, entry, members, (data) => {
    writer.write(data);
    return true;
  });
  writer.end();
  return end;
}

/** Reads a zip into the members. Throws ArchiveError, or what the library throws. */
export async function readZip(source: ByteSource, members: Members): Promise<void> {
  const { zip, inside } = await open(source);
  const ranges: [start: number, end: number][] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      members.budget.entry();
      try {
        ranges.push([entry.relativeOffsetOfLocalHeader, await readEntry(zip, inside, entry, members)]);
      } catch (error) {
        if (error instanceof ArchiveError && !error.message.startsWith("its checksum")) throw error;
        members.abort();
        members.refuse(entry.fileName as unknown as Buffer, archiveMessage(error));
      }
    }
  } finally {
    zip.close();
  }
  ranges.sort(([a], [b]) => a - b);
  if (ranges.some(([start], index) => start < (ranges[index - 1]?.[1] ?? 0))) {
    throw new ArchiveError("entries of it overlap, as in a bomb");
  }
}
