/**
 * The few records of a zip file that adding a member needs: APPNOTE.TXT 6.3, sections 4.3.7
 * (local header), 4.3.12 (central directory) and 4.3.16 (its end).
 */
import { crc32 } from "node:zlib";
import type { Entry } from "yauzl";

/** Fields of a member that both of its headers have, in the order that they have them. */
type SharedFields = Pick<
  Entry,
  | "versionNeededToExtract"
  | "generalPurposeBitFlag"
  | "compressionMethod"
  | "lastModFileTime"
  | "lastModFileDate"
  | "crc32"
  | "compressedSize"
  | "uncompressedSize"
>;

/** What the central directory says of a member. */
export type DirectoryEntry = SharedFields &
  Pick<
    Entry,
    | "versionMadeBy"
    | "internalFileAttributes"
    | "externalFileAttributes"
    | "fileNameRaw"
    | "extraFieldRaw"
    | "fileCommentRaw"
  >;

const utf8Names = 0x800;
const stored = 0;
const largestOffset = 0xffffffff;
const mostMembers = 0xffff;

/** Writes version to sizes (26 bytes), which are the same in both headers. */
function writeShared(header: Buffer, at: number, fields: SharedFields): void {
  header.writeUInt16LE(fields.versionNeededToExtract, at);
  header.writeUInt16LE(fields.generalPurposeBitFlag, at + 2);
  header.writeUInt16LE(fields.compressionMethod, at + 4);
  header.writeUInt16LE(fields.lastModFileTime, at + 6);
  header.writeUInt16LE(fields.lastModFileDate, at + 8);
  header.writeUInt32LE(fields.crc32, at + 10);
  header.writeUInt32LE(fields.compressedSize, at + 14);
  header.writeUInt32LE(fields.uncompressedSize, at + 18);
}

/** A new member: its record, and what the central directory says of it. */
export interface NewMember {
  entry: DirectoryEntry;
  record: Buffer;
}

/**
 * Makes a member like another: of the same time, mode and maker.
 *
 * It is not compressed. Node's zlib uses what the processor has and finds other matches on another
 * one, so the same build would give other bits there; compressing without it takes longer than all
 * the rest, for some kilobytes.
 */
export function makeMember(like: Entry, name: string, data: Uint8Array): NewMember {
  const fileNameRaw = Buffer.from(name);
  const none = Buffer.alloc(0);
  const entry: DirectoryEntry = {
    versionMadeBy: like.versionMadeBy,
    versionNeededToExtract: 20,
    generalPurposeBitFlag: fileNameRaw.length === name.length ? 0 : utf8Names,
    compressionMethod: stored,
    lastModFileTime: like.lastModFileTime,
    lastModFileDate: like.lastModFileDate,
    crc32: crc32(data),
    compressedSize: data.length,
    uncompressedSize: data.length,
    internalFileAttributes: 0,
    externalFileAttributes: like.externalFileAttributes,
    fileNameRaw,
    extraFieldRaw: none,
    fileCommentRaw: none,
  };
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeShared(header, 4, entry);
  header.writeUInt16LE(fileNameRaw.length, 26);
  return { entry, record: Buffer.concat([header, fileNameRaw, data]) };
}

/** The central directory's header of a member whose record begins at `offset`. */
export function directoryHeader(entry: DirectoryEntry, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(entry.versionMadeBy, 4);
  writeShared(header, 6, entry);
  header.writeUInt16LE(entry.fileNameRaw.length, 28);
  header.writeUInt16LE(entry.extraFieldRaw.length, 30);
  header.writeUInt16LE(entry.fileCommentRaw.length, 32);
  header.writeUInt16LE(entry.internalFileAttributes, 36);
  header.writeUInt32LE(entry.externalFileAttributes, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, entry.fileNameRaw, entry.extraFieldRaw, entry.fileCommentRaw]);
}

/** The end of an archive that has these numbers, with the comment of `before`. RangeError if too large. */
export function directoryEnding(before: Buffer, count: number, size: number, offset: number): Buffer {
  if (offset + size >= largestOffset || count >= mostMembers) {
    throw new RangeError("it would become too large for a zip file without the zip64 extension");
  }
  const ending = Buffer.from(before);
  ending.writeUInt16LE(count, 8);
  ending.writeUInt16LE(count, 10);
  ending.writeUInt32LE(size, 12);
  ending.writeUInt32LE(offset, 16);
  return ending;
}
