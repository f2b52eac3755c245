/**
 * Reads the headers of a tar, byte by byte and strictly: a field that another reader could take for
 * something else is an error, never a guess. Names stay bytes, because they need not be UTF-8.
 *
 * Known are POSIX's formats (ustar and pax) and GNU's, which also has long names and files with holes.
 * https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */

/** Bytes of a tar's unit. */
export const block = 512;

/** What an entry is, or what it says of the next one. */
export type EntryType =
  | "File"
  | "Link"
  | "SymbolicLink"
  | "CharacterDevice"
  | "BlockDevice"
  | "Directory"
  | "FIFO"
  | "Sparse"
  | "Pax"
  | "GlobalPax"
  | "LongName"
  | "LongTarget";

const types: Record<string, EntryType> = {
  "0": "File",
  "\0": "File",
  "7": "File",
  "1": "Link",
  "2": "SymbolicLink",
  "3": "CharacterDevice",
  "4": "BlockDevice",
  "5": "Directory",
  "6": "FIFO",
  S: "Sparse",
  x: "Pax",
  X: "Pax",
  g: "GlobalPax",
  L: "LongName",
  K: "LongTarget",
};

/** Types that are followed by content. */
const withContent = new Set<EntryType>(["File", "Sparse", "Pax", "GlobalPax", "LongName", "LongTarget"]);

/** The header's own word, before anything that came ahead of it. */
export interface Header {
  type: EntryType;
  path: Buffer;
  linkpath: Buffer;
  mode: number;
  /** Of the content that follows. */
  size: number;
}

/** The bytes of a text, which a zero byte ends where it does not fill its field. */
function text(data: Buffer, at: number, length: number): Buffer {
  const end = data.indexOf(0, at);
  return data.subarray(at, end < 0 || end > at + length ? at + length : end);
}

/** A number in octal digits, or in GNU's way for large ones: 0x80 and its bytes. An empty field is null. */
function numberOf(data: Buffer, at: number, length: number, what: string): number | null {
  if (data[at] === 0x80) {
    let value = 0;
    for (let index = at + 1; index < at + length; index++) value = value * 256 + (data[index] ?? 0);
    if (!Number.isSafeInteger(value)) throw new Error(`a header has a ${what} beyond all bounds`);
    return value;
  }
  const digits = data.toString("latin1", at, at + length);
  const match = /^ *([0-7]*)[ \0]*$/.exec(digits);
  if (!match) throw new Error(`a header has no valid ${what}`);
  return match[1] ? Number.parseInt(match[1], 8) : null;
}

/** The sum of a header's bytes, its own field counted as spaces. */
function sumOf(data: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at++) sum += data[at] as number;
  for (let at = 156; at < block; at++) sum += data[at] as number;
  return sum;
}

/** The name of an entry's type, for one that is not known here. */
function unknownType(letter: string): string {
  return /^[!-~]$/.test(letter) ? `'${letter}'` : `0x${letter.charCodeAt(0).toString(16)}`;
}

/** Reads a block that is not empty. Throws an Error that says what is wrong with it. */
export function readHeader(data: Buffer): Header {
  if (numberOf(data, 148, 8, "checksum") !== sumOf(data)) throw new Error("a header's checksum is wrong");
  const letter = data.toString("latin1", 156, 157);
  let path = text(data, 0, 100);
  // GNU's magic has other things where POSIX has a prefix.
  if (data.toString("latin1", 257, 263) === "ustar\0" && data[345] !== 0) {
    path = Buffer.concat([text(data, 345, 155), Buffer.from("/"), path]);
  }
  const type = types[letter];
  if (type === undefined) throw new Error(`a header has the unknown type ${unknownType(letter)}`);
  const size = numberOf(data, 124, 12, "size") ?? 0;
  if (size > 0 && !withContent.has(type)) throw new Error(`a header of type ${type} has content`);
  const mode = numberOf(data, 100, 8, "mode") ?? 0o644;
  return { type, path, linkpath: text(data, 157, 100), mode, size };
}

/** What headers may say of the entry after them. */
export interface Extension {
  path?: Buffer;
  linkpath?: Buffer;
  size?: number;
}

/** A whole name, without the zero bytes that end it. */
export function readLongName(data: Buffer): Buffer {
  const name = text(data, 0, data.length);
  if (data.subarray(name.length).some((byte) => byte !== 0)) throw new Error("a name has a zero byte in it");
  return name;
}

function paxValue(key: string, value: Buffer): Extension {
  if (key === "path" || key === "linkpath") {
    if (value.includes(0)) throw new Error("a name has a zero byte in it");
    return { [key]: value };
  }
  if (key === "size") {
    const digits = value.toString("latin1");
    const size = /^\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN;
    if (!Number.isSafeInteger(size)) throw new Error("a header has no valid size");
    return { size };
  }
  if (key.startsWith("GNU.sparse.")) {
    throw new Error("a file has its holes written down in a way that is not known here");
  }
  // Times, owners, what file systems know beside: nothing that a store keeps.
  return {};
}

/** Records of "LENGTH KEY=VALUE\n", where the length is that of the whole record. */
export function readPax(data: Buffer): Extension {
  const found: Extension = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = space < 0 ? "" : data.toString("latin1", at, space);
    const end = /^[1-9]\d{0,8}$/.test(digits) ? at + Number(digits) : Number.NaN;
    const equals = data.indexOf(0x3d, space);
    if (!(end <= data.length && equals > space + 1 && equals < end && data[end - 1] === 0x0a)) {
      throw new Error("an extended header is malformed");
    }
    const key = data.toString("utf8", space + 1, equals);
    // An empty value takes back what was said for all entries, which we never need.
    const value = data.subarray(equals + 1, end - 1);
    if (value.length > 0) Object.assign(found, paxValue(key, value));
    at = end;
  }
  return found;
}

/** A part of a file that is there; between parts are holes. */
export interface Part {
  offset: number;
  length: number;
}

/** Files with more have been made to fill our memory. */
const mostParts = 1_000_000;

/** What a file with holes consists of, read from as many blocks as it takes. */
export class PartMap {
  readonly parts: Part[] = [];
  /** Size of the whole file. */
  readonly size: number;
  /** Whether another block of parts follows. */
  goesOn: boolean;
  #ended = false;

  /** @param data the header, of type Sparse */
  constructor(
    data: Buffer,
    private readonly stored: number,
  ) {
    if (data.toString("latin1", 257, 265) !== "ustar  \0")
      throw new Error("a header has the unknown type 'S'");
    this.size = numberOf(data, 483, 12, "size") ?? 0;
    this.#take(data, 386, 4);
    this.goesOn = data[482] !== 0;
  }

  /** Takes the next block. */
  more(data: Buffer): void {
    this.#take(data, 0, 21);
    this.goesOn = data[504] !== 0;
  }

  /** To be called when nothing goes on: throws when the parts are not what is stored. */
  check(): void {
    const sum = this.parts.reduce((total, { length }) => total + length, 0);
    if (sum !== this.stored) throw new Error("a file with holes has other parts than it says");
  }

  #take(data: Buffer, at: number, count: number): void {
    for (let index = 0; index < count; index++) {
      const offset = numberOf(data, at + index * 24, 12, "offset");
      const length = numberOf(data, at + index * 24 + 12, 12, "length");
      // As GNU tar reads it: an empty field ends the list.
      if (offset === null || length === null) {
        this.#ended = true;
        continue;
      }
      const last = this.parts.at(-1);
      if (this.#ended || offset < (last ? last.offset + last.length : 0) || offset + length > this.size) {
        throw new Error("a file with holes has parts that overlap or lie outside of it");
      }
      if (length > 0) this.parts.push({ offset, length });
      if (this.parts.length > mostParts) throw new Error(`a file has more than ${mostParts} holes`);
    }
  }
}
