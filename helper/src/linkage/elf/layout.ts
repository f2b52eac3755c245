/**
 * The outline of an ELF file: its header, segments and dynamic section, in either class and byte
 * order. Source: System V ABI, chapters "Object Files" and "Program Loading and Dynamic Linking".
 *
 * The file may be hostile: each offset and count is checked, and nothing is read twice for ever.
 */
import type { ByteSource } from "./bytes.ts";

/** More of any kind is no real file, and would cost time to no use. */
export const bounds = {
  segments: 4096,
  dynamicEntries: 20_000,
  needed: 1000,
  text: 4096,
  symbols: 2_000_000,
};

export const segmentTypes = { load: 1, dynamic: 2, interpreter: 3, note: 4 };

/** Tags of the dynamic section. */
export const tags = {
  end: 0,
  needed: 1,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  stringSize: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  versionSymbols: 0x6ffffff0,
  flags1: 0x6ffffffb,
  versionsNeeded: 0x6ffffffe,
  versionsNeededCount: 0x6fffffff,
};

export interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

/** Whether the bytes begin as an ELF file does. @param head its first bytes, 20 or more */
export function isElf(head: Buffer): boolean {
  return head.length >= 20 && head.readUInt32BE(0) === 0x7f454c46;
}

/** Fields in the file's own class and byte order. */
export class Fields {
  readonly wide: boolean;
  readonly #little: boolean;

  constructor(readonly bytes: ByteSource) {
    const identity = bytes.read(0, 16);
    if (!isElf(bytes.read(0, 20))) throw new RangeError("it is no ELF file");
    this.wide = identity[4] === 2;
    this.#little = identity[5] === 1;
    if ((identity[4] !== 1 && identity[4] !== 2) || (identity[5] !== 1 && identity[5] !== 2)) {
      throw new RangeError("its class or byte order is unknown");
    }
  }

  half(offset: number): number {
    const data = this.bytes.read(offset, 2);
    return this.#little ? data.readUInt16LE(0) : data.readUInt16BE(0);
  }

  word(offset: number): number {
    const data = this.bytes.read(offset, 4);
    return this.#little ? data.readUInt32LE(0) : data.readUInt32BE(0);
  }

  /** An address or offset: 4 or 8 bytes. Larger than any file is as good as infinite. */
  native(offset: number): number {
    if (!this.wide) return this.word(offset);
    const data = this.bytes.read(offset, 8);
    return Number(this.#little ? data.readBigUInt64LE(0) : data.readBigUInt64BE(0));
  }

  /** Text that ends with a zero byte. */
  text(offset: number): string {
    const available = this.bytes.size - offset;
    for (const length of [256, bounds.text]) {
      const data = this.bytes.read(offset, Math.min(length, available));
      const end = data.indexOf(0);
      if (end >= 0) return data.toString("utf8", 0, end);
      if (available <= length) break;
    }
    throw new RangeError("a text in it has no end");
  }
}

/** An ELF file that has been opened. */
export class ElfLayout {
  readonly fields: Fields;
  /** e_type: 1 relocatable, 2 executable, 3 shared. */
  readonly type: number;
  readonly machine: number;
  readonly segments: Segment[];
  readonly #entries: Map<number, number[]>;
  readonly isDynamic: boolean;

  constructor(bytes: ByteSource) {
    this.fields = new Fields(bytes);
    this.type = this.fields.half(16);
    this.machine = this.fields.half(18);
    this.segments = this.#readSegments();
    for (const { type, offset, size } of this.segments) {
      if (type === segmentTypes.load && offset + size > bytes.size) {
        throw new RangeError("the file is truncated: it ends before its segments do");
      }
    }
    const dynamic = this.segments.find(({ type }) => type === segmentTypes.dynamic);
    this.isDynamic = dynamic !== undefined;
    this.#entries = dynamic ? this.#readDynamic(dynamic) : new Map();
  }

  #readSegments(): Segment[] {
    const { fields } = this;
    const { wide } = fields;
    const table = fields.native(wide ? 32 : 28);
    const count = fields.half(wide ? 56 : 44);
    const entrySize = fields.half(wide ? 54 : 42);
    if (count === 0) return [];
    // 0xffff says that the real number is elsewhere: no file that is linked or loaded has so many.
    if (count > bounds.segments) throw new RangeError(`it has ${count} segments`);
    if (entrySize < (wide ? 56 : 32))
      throw new RangeError(`its segments are described by ${entrySize} bytes`);
    return Array.from({ length: count }, (_, index) => {
      const at = table + index * entrySize;
      return {
        type: fields.word(at),
        offset: fields.native(at + (wide ? 8 : 4)),
        address: fields.native(at + (wide ? 16 : 8)),
        size: fields.native(at + (wide ? 32 : 16)),
      };
    });
  }

  #readDynamic(dynamic: Segment): Map<number, number[]> {
    const width = this.fields.wide ? 8 : 4;
    const entries = new Map<number, number[]>();
    const count = Math.floor(dynamic.size / (2 * width));
    for (let index = 0; index < count; index++) {
      if (index >= bounds.dynamicEntries) throw new RangeError("its dynamic section has no end");
      const at = dynamic.offset + index * 2 * width;
      const tag = this.fields.native(at);
      if (tag === tags.end) return entries;
      const values = entries.get(tag) ?? [];
      values.push(this.fields.native(at + width));
      entries.set(tag, values);
    }
    return entries;
  }

  /** Values of a tag, in order. */
  values(tag: number): number[] {
    return this.#entries.get(tag) ?? [];
  }

  /** Where in the file an address lies that the loader would map. */
  offsetOf(address: number): number {
    const load = this.segments.find(
      (segment) =>
        segment.type === segmentTypes.load &&
        address >= segment.address &&
        address < segment.address + segment.size,
    );
    if (!load) throw new RangeError(`the address ${address} is in no segment`);
    return load.offset + (address - load.address);
  }

  /** Where the table that a tag points to lies in the file; null where there is none. */
  table(tag: number): number | null {
    const address = this.values(tag)[0];
    return address === undefined ? null : this.offsetOf(address);
  }

  /** A string of the dynamic string table. */
  string(offset: number): string {
    const table = this.table(tags.stringTable);
    if (table === null) throw new RangeError("it has no string table");
    const size = this.values(tags.stringSize)[0];
    if (size !== undefined && offset >= size) throw new RangeError("a name lies outside of the string table");
    return this.fields.text(table + offset);
  }

  /** Strings that the values of a tag point to. */
  strings(tag: number): string[] {
    return this.values(tag).map((offset) => this.string(offset));
  }
}
