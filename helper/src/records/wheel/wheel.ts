/**
 * Reads how a wheel is laid out, so that files can be added without touching the others: where each
 * member's record lies in the file, and what the wheel's own RECORD says.
 * https://packaging.python.org/en/latest/specifications/binary-distribution-format/
 *
 * A wheel may be hostile. What is not exactly one record after the other, each as the central
 * directory says, is refused: two readers could see two different wheels in it.
 */
import { fstatSync, readSync } from "node:fs";
import { basename } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from "yauzl";
import { messageOf, VoyagerError } from "../../common/errors.ts";
import { hashesOf } from "./record-file.ts";

/** A member, and the part of the file that is its record: header, data, and what follows the data. */
export interface Member {
  entry: Entry;
  start: number;
  end: number;
}

export interface Wheel {
  /** Path of the file. */
  file: string;
  descriptor: number;
  /** In the central directory's order. */
  members: Member[];
  /** The end of central directory record, with the archive's comment. */
  ending: Buffer;
  /** Name of the folder of metadata, without a slash: "bcrypt-3.2.2.dist-info". */
  distInfo: string;
  name: string;
  version: string;
  /** The member RECORD, and its text. */
  recordMember: Member;
  record: string;
  /** SHA-256 (hexadecimal) of members, as RECORD has them; empty where it has two. */
  hashes: Map<string, string>;
  /** Signatures over RECORD, which a change of it would break. */
  signatures: string[];
}

const localHeaderSize = 30;
const endingSize = 22;
/** More text than this is no real RECORD: it has some 100 bytes for each file. */
const mostRecordBytes = 64 * 1024 * 1024;

/** What is wrong with a wheel; it becomes an error that names the wheel. */
export class NotAsExpected extends Error {}

/** Reads exactly `length` bytes. */
export function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  if (readSync(descriptor, buffer, 0, length, position) !== length) {
    throw new NotAsExpected("it ends before its records do");
  }
  return buffer;
}

/** Bytes of a record before its data: the header, the name, and what else the header says. */
export function recordHead(descriptor: number, start: number): number {
  const lengths = readAt(descriptor, start + 26, 4);
  return localHeaderSize + lengths.readUInt16LE(0) + lengths.readUInt16LE(2);
}

/** All entries of the central directory. */
function entriesOf(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  const names = new Set<string>();
  return new Promise((resolve, reject) => {
    zip.on("error", reject);
    zip.on("end", () => resolve(entries));
    zip.on("entry", (entry: Entry) => {
      if (names.has(entry.fileName)) {
        return reject(new NotAsExpected(`it has two members '${entry.fileName}'`));
      }
      if (entry.extraFields.some(({ id }) => id === 1)) {
        return reject(new NotAsExpected("it is a zip64 archive"));
      }
      names.add(entry.fileName);
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

/** Bytes that a descriptor after the data may take: CRC and sizes, with or without a mark. */
const descriptorSizes = [12, 16, 20, 24];

/** Checks that a record fills its place, and that its own header says what the directory says. */
function checkRecord(descriptor: number, { entry, start, end }: Member): void {
  const header = readAt(descriptor, start, localHeaderSize + entry.fileNameLength);
  const name = `the record of '${entry.fileName}'`;
  if (header.readUInt32LE(0) !== 0x04034b50) throw new NotAsExpected(`${name} is not where it should be`);
  const described = (entry.generalPurposeBitFlag & 8) !== 0;
  const same =
    header.readUInt16LE(6) === entry.generalPurposeBitFlag &&
    header.readUInt16LE(8) === entry.compressionMethod &&
    header.readUInt16LE(26) === entry.fileNameLength &&
    header.subarray(localHeaderSize).equals(entry.fileNameRaw) &&
    (described || header.readUInt32LE(14) === entry.crc32);
  if (!same) throw new NotAsExpected(`${name} and the central directory differ`);
  const size = localHeaderSize + entry.fileNameLength + header.readUInt16LE(28) + entry.compressedSize;
  const rest = end - start - size;
  if (!(described ? descriptorSizes.includes(rest) : rest === 0)) {
    throw new NotAsExpected(`${name} does not fill its place: something is hidden, or overlaps`);
  }
}

function locate(descriptor: number, entries: Entry[], directoryAt: number): Member[] {
  const byPosition = [...entries].sort(
    (a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader,
  );
  if (byPosition[0]?.relativeOffsetOfLocalHeader !== 0)
    throw new NotAsExpected("it does not begin with a member");
  const places = new Map<Entry, Member>();
  byPosition.forEach((entry, index) => {
    const start = entry.relativeOffsetOfLocalHeader;
    const member = { entry, start, end: byPosition[index + 1]?.relativeOffsetOfLocalHeader ?? directoryAt };
    checkRecord(descriptor, member);
    places.set(entry, member);
  });
  return entries.map((entry) => places.get(entry) as Member);
}

/** The one folder of metadata at the top. */
function distInfoOf(entries: Entry[]): string {
  const folders = entries.map(({ fileName }) => /^([^/]+\.dist-info)\//.exec(fileName)?.[1]);
  const distinct = [...new Set(folders.filter((folder) => folder !== undefined))];
  if (distinct.length !== 1 || distinct[0] === undefined) {
    throw new NotAsExpected(
      distinct.length === 0 ? "it has no .dist-info folder" : `it has several: ${distinct.sort().join(", ")}`,
    );
  }
  return distinct[0];
}

/** The text of a member that is small. */
function textOf(descriptor: number, { entry, start }: Member): string {
  const { fileName, compressedSize, uncompressedSize, compressionMethod } = entry;
  if (Math.max(compressedSize, uncompressedSize) > mostRecordBytes) {
    throw new NotAsExpected(`${fileName} is too large`);
  }
  const content = readAt(descriptor, start + recordHead(descriptor, start), compressedSize);
  if (entry.isEncrypted() || ![0, 8].includes(compressionMethod)) {
    throw new NotAsExpected(`${fileName} is encrypted, or compressed in an unknown way`);
  }
  const data =
    compressionMethod === 0 ? content : inflateRawSync(content, { maxOutputLength: uncompressedSize + 1 });
  if (data.length !== uncompressedSize || crc32(data) !== entry.crc32) {
    throw new NotAsExpected(`${fileName} is damaged`);
  }
  return data.toString("utf8");
}

/** Reads at once: the pieces are small, and a thread for each took longer than all of the work. */
class FileReader extends RandomAccessReader {
  constructor(readonly descriptor: number) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, count?: number) => void,
  ): void {
    process.nextTick(() => {
      try {
        callback(null, readSync(this.descriptor, buffer, offset, length, position));
      } catch (error) {
        callback(error as Error);
      }
    });
  }
}

async function examine(file: string, descriptor: number): Promise<Wheel> {
  const { size } = fstatSync(descriptor);
  const zip = await fromRandomAccessReaderPromise(new FileReader(descriptor), size, { autoClose: false });
  // Where the next entry is; before the first is read, where the directory begins.
  const cursor = () => zip.readEntryCursor as unknown as number;
  const directoryAt = cursor();
  const entries = await entriesOf(zip);
  const endingAt = size - endingSize - zip.comment.length;
  // A zip64 directory, a signature or hidden data would lie in between.
  if (cursor() !== endingAt) throw new NotAsExpected("its central directory is not as long as it says");
  const members = locate(descriptor, entries, directoryAt);
  const distInfo = distInfoOf(entries);
  const named = (name: string) => members.find(({ entry }) => entry.fileName === `${distInfo}/${name}`);
  const recordMember = named("RECORD");
  if (!recordMember) throw new NotAsExpected(`it has no ${distInfo}/RECORD`);
  const record = textOf(descriptor, recordMember);
  const parts = /^(.+)-([^-]+)\.dist-info$/.exec(distInfo);
  if (!parts) throw new NotAsExpected(`${distInfo} does not say a name and a version`);
  return {
    file,
    descriptor,
    members,
    ending: readAt(descriptor, endingAt, size - endingAt),
    distInfo,
    name: parts[1] ?? "",
    version: parts[2] ?? "",
    recordMember,
    record,
    hashes: hashesOf(record),
    signatures: ["RECORD.jws", "RECORD.p7s"].filter(named),
  };
}

/** The error that names the wheel and says what is wrong with it. */
export function wheelError(file: string, cause: unknown): VoyagerError {
  return new VoyagerError("output", `no SBOM can be put into the wheel ${basename(file)}`, {
    why: messageOf(cause),
    remedy: "`python3 -m wheel unpack` and `python3 -m wheel pack` tell more, and write a wheel anew",
    cause,
  });
}

/**
 * Reads the layout of a wheel that is open.
 *
 * @throws VoyagerError of kind `output` when it is not one, or not one that can be changed safely
 */
export async function readWheel(file: string, descriptor: number): Promise<Wheel> {
  try {
    return await examine(file, descriptor);
  } catch (error) {
    throw wheelError(file, error);
  }
}
