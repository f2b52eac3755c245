/** Decompression with constant memory; each library is loaded when its format is met. */
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { codeOf, messageOf } from "../../common/errors.ts";
import type { ByteSource } from "../elf/bytes.ts";
import type { Kind } from "./kind.ts";
import { ArchiveError } from "./limits.ts";

/** A part of a file. */
export interface Range {
  source: ByteSource;
  start: number;
  end: number;
}

/** Takes the next piece; throws to end it all. */
export type Take = (data: Buffer) => void;

export const compressions = ["gzip", "xz", "bzip2", "zstd"] as const satisfies Kind[];
export type Compression = (typeof compressions)[number];

const pieceSize = 64 * 1024;

/** The range in pieces. */
export function* pieces({ source, start, end }: Range): Generator<Buffer> {
  for (let at = start; at < end; at += pieceSize) {
    yield source.read(at, Math.min(pieceSize, end - at));
  }
}

async function throughZlib(decoder: Transform, range: Range, take: Take): Promise<void> {
  await pipeline(pieces(range), decoder, async (output: AsyncIterable<Buffer>) => {
    for await (const data of output) take(data);
  });
}

async function zstd(range: Range, take: Take): Promise<void> {
  if (!zlib.createZstdDecompress) {
    throw new ArchiveError(`it is compressed with zstd, which takes Node 22.15; this is ${process.version}`);
  }
  await throughZlib(zlib.createZstdDecompress({ chunkSize: pieceSize }), range, take);
}

async function xz(range: Range, take: Take): Promise<void> {
  const { XzReadableStream } = await import("xz-decompress");
  const input = pieces(range);
  const packed = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = input.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const reader = new XzReadableStream(packed).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (value.length > 0) take(Buffer.from(value.buffer, value.byteOffset, value.length));
    }
  } finally {
    // Without this, no other stream of the library would ever start. It fails when this one has.
    await reader.cancel().catch(() => {});
  }
}

/**
 * By the library's decoder alone: its stream collects each block in an array of numbers, of which a
 * block of zeros makes gigabytes.
 */
async function bzip2(range: Range, take: Take): Promise<void> {
  const { default: decoder } = await import("unbzip2-stream/lib/bzip2.js");
  const { default: bitIterator } = await import("unbzip2-stream/lib/bit_iterator.js");
  const input = pieces(range);
  let given = 0;
  const bits = bitIterator(() => {
    const { value, done } = input.next();
    if (done) throw new Error("it ends early");
    given += value.length;
    return value;
  });
  // A block, 46 MB at most: it is given when its checksum, which is behind it, is known to be right.
  let full: Buffer[] = [];
  let last = Buffer.allocUnsafe(pieceSize);
  let filled = 0;
  const put = (byte: number) => {
    if (filled === pieceSize) {
      full.push(last);
      last = Buffer.allocUnsafe(pieceSize);
      filled = 0;
    }
    last[filled++] = byte;
  };
  const give = () => {
    const data = [...full, last.subarray(0, filled)];
    full = [];
    last = Buffer.allocUnsafe(pieceSize);
    filled = 0;
    for (const piece of data) if (piece.length > 0) take(piece);
  };
  // Several may follow each other in one file.
  do {
    const blockBytes = 100_000 * decoder.header(bits);
    const block = new Int32Array(blockBytes);
    for (let sum: number | null = 0; sum !== null; ) {
      sum = decoder.decompress(bits, put, block, blockBytes, sum);
      give();
    }
  } while (given < range.end - range.start || bits.bytesRead < given);
}

const decoders: Record<Compression, (range: Range, take: Take) => Promise<void>> = {
  gzip: (range, take) => throughZlib(zlib.createGunzip({ chunkSize: pieceSize }), range, take),
  zstd,
  xz,
  bzip2,
};

/** Decompresses a part of a file. Throws what `take` throws, and ArchiveError for damaged data. */
export async function decompress(kind: Compression, range: Range, take: Take): Promise<void> {
  let thrown: unknown = null;
  try {
    await decoders[kind](range, (data) => {
      try {
        take(data);
      } catch (error) {
        thrown ??= error;
        throw error;
      }
    });
  } catch (error) {
    if (thrown) throw thrown;
    if (error instanceof ArchiveError || error instanceof RangeError) throw error;
    // The libraries' own words are "unexpected end of file", "get_next_output failed with error code 7".
    throw new ArchiveError(`its ${kind} data is damaged: ${codeOf(error) ?? messageOf(error)}`);
  }
}

/** What a beginning may unpack to: of 512 bytes come 500 KB, of each of thousands of members. */
const mostPeeked = 64 * 1024;
/** Bytes that cannot become more than `mostPeeked`: deflate makes at most 1,032 of one. */
const fewPacked = 60;

/**
 * The first bytes of compressed data without starting a stream for it; null when that cannot be
 * said from `packed` alone. Throws zlib's errors.
 *
 * @param packed the beginning, or all of it
 * @param format "deflate": bare, as in a zip
 */
export function peek(
  packed: Buffer,
  isAll: boolean,
  format: "gzip" | "deflate",
  wanted: number,
): Buffer | null {
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: mostPeeked };
  let data: Buffer;
  try {
    data = format === "gzip" ? zlib.gunzipSync(packed, options) : zlib.inflateRawSync(packed, options);
  } catch (error) {
    if (codeOf(error) !== "ERR_BUFFER_TOO_LARGE" || packed.length <= fewPacked) throw error;
    return peek(packed.subarray(0, fewPacked), false, format, wanted);
  }
  if (data.length >= wanted) return data.subarray(0, wanted);
  return isAll ? data : null;
}
