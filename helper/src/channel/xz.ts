/**
 * The .xz file format without its compression: https://tukaani.org/xz/xz-file-format.txt
 *
 * Nix asks a channel for `nixexprs.tar.xz`, and Node has no xz. What a channel's tarball saves by
 * compression is little (some hundred bytes of each package), so the data is stored in it as it is:
 * LZMA2 has chunks for that, which every reader of the format knows. The bytes do not depend on a
 * compressor's version then, and Nix sees in them which store paths the channel names.
 */
import { crc32 } from "node:zlib";

/** The most that a chunk holds. */
const chunkSize = 0x10000;
/** Flags of the stream: each block ends with the CRC32 of what is in it. */
const streamFlags = Buffer.from([0x00, 0x01]);
/** One filter, LZMA2, with a dictionary of 64 KiB. */
const filter = Buffer.from([0x00, 0x21, 0x01, 0x08, 0, 0, 0]);
/** A chunk that is stored: the first one also says that there is no dictionary yet. */
const firstChunk = 0x01;
const nextChunk = 0x02;

function checksum(data: Buffer): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32LE(crc32(data));
  return field;
}

/** Zeros that make a length a multiple of four. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

/** A number in seven bits a byte, the lowest first. */
function multibyte(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function chunks(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length; at += chunkSize) {
    const chunk = data.subarray(at, at + chunkSize);
    const head = Buffer.from([at === 0 ? firstChunk : nextChunk, 0, 0]);
    head.writeUInt16BE(chunk.length - 1, 1);
    parts.push(head, chunk);
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** An .xz file that holds the data, uncompressed. */
export function storedXz(data: Buffer): Buffer {
  const magic = Buffer.from([0xfd, ...Buffer.from("7zXZ"), 0]);
  const header = Buffer.concat([Buffer.from([(1 + filter.length + 4) / 4 - 1]), filter]);
  const stored = chunks(data);
  const unpadded = header.length + 4 + stored.length + 4;
  const records = Buffer.concat([Buffer.from([0, 1]), multibyte(unpadded), multibyte(data.length)]);
  const index = Buffer.concat([records, padding(records.length)]);
  const tail = Buffer.alloc(4);
  // The index with its checksum, in units of four bytes, less one.
  tail.writeUInt32LE((index.length + 4) / 4 - 1);
  const footer = Buffer.concat([tail, streamFlags]);
  return Buffer.concat([
    ...[magic, streamFlags, checksum(streamFlags)],
    ...[header, checksum(header), stored, padding(stored.length), checksum(data)],
    ...[index, checksum(index)],
    ...[checksum(footer), footer, Buffer.from("YZ")],
  ]);
}
