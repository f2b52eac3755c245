/**
 * What members of a wheel really hold. A wheel's RECORD is the word of whoever made it, and what an
 * SBOM says of a file must not depend on that.
 */
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import { readable } from "../../common/readable.ts";
import { type Member, NotAsExpected, readAt, recordHead, type Wheel, wheelError } from "./wheel.ts";

const pieceSize = 256 * 1024;

function* pieces(descriptor: number, start: number, length: number): Generator<Buffer> {
  for (let at = 0; at < length; at += pieceSize) {
    yield readAt(descriptor, start + at, Math.min(pieceSize, length - at));
  }
}

/** SHA-256 (hexadecimal) of what a member unpacks to; never unpacks more than it says. */
async function contentHash(descriptor: number, { entry, start }: Member): Promise<string> {
  const { fileName, compressedSize, uncompressedSize, compressionMethod } = entry;
  if (entry.isEncrypted() || ![0, 8].includes(compressionMethod)) {
    throw new NotAsExpected(`${fileName} is encrypted, or compressed in an unknown way`);
  }
  const stored = pieces(descriptor, start + recordHead(descriptor, start), compressedSize);
  const hash = createHash("sha256");
  let size = 0;
  let sum = 0;
  const take = (piece: Buffer) => {
    size += piece.length;
    if (size > uncompressedSize) throw new NotAsExpected(`${fileName} is damaged`);
    sum = crc32(piece, sum);
    hash.update(piece);
  };
  if (compressionMethod === 0) for (const piece of stored) take(piece);
  else {
    await pipeline(stored, createInflateRaw(), async (output: AsyncIterable<Buffer>) => {
      for await (const piece of output) take(piece);
    });
  }
  if (size !== uncompressedSize || sum !== entry.crc32) throw new NotAsExpected(`${fileName} is damaged`);
  return hash.digest("hex");
}

/**
 * SHA-256 (hexadecimal) of members, by their names in readable form.
 *
 * @param names of the members that are asked for; those that the wheel does not have are left out
 * @throws VoyagerError of kind `output` where RECORD says something else
 */
export async function checkedHashes(wheel: Wheel, names: Set<string>): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  try {
    for (const member of wheel.members) {
      const name = readable(member.entry.fileNameRaw);
      if (!names.has(name)) continue;
      const hash = await contentHash(wheel.descriptor, member);
      const said = wheel.hashes.get(member.entry.fileName);
      if (said !== undefined && said !== hash) {
        throw new NotAsExpected(`its RECORD has another hash of ${name} than the file has`);
      }
      hashes.set(name, hash);
    }
  } catch (error) {
    throw wheelError(wheel.file, error);
  }
  return hashes;
}
