/**
 * Reads what an ELF file says of its own linkage: the dynamic section's NEEDED, SONAME, RPATH and
 * RUNPATH, and the interpreter. Both classes and byte orders. Source: System V ABI, "Program
 * Loading and Dynamic Linking".
 *
 * The file may be hostile: every offset and count is checked against its size.
 */

/** What a dynamically linked file asks of the loader. */
export interface ElfLinkage {
  /** 32 or 64. */
  class: 32 | 64;
  /** e_machine: 62 is x86-64, 183 AArch64. */
  machine: number;
  /** Program interpreter; null for libraries and static files. */
  interpreter: string | null;
  soname: string | null;
  needed: string[];
  /** Folders of RPATH and RUNPATH, in order. */
  runpath: string[];
}

/** More of any kind is no real file, and would cost time to no use. */
const mostEntries = 200_000;

const segmentTypes = { load: 1, dynamic: 2, interpreter: 3 };
const tags = { end: 0, needed: 1, stringTable: 5, stringSize: 10, soname: 14, rpath: 15, runpath: 29 };

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

/** Whether the bytes begin as an ELF file does. */
export function isElf(data: Buffer): boolean {
  return data.length >= 20 && data.readUInt32BE(0) === 0x7f454c46;
}

/** Fields of the file's own class and byte order; a read outside of the file throws RangeError. */
class Fields {
  readonly wide: boolean;
  readonly #little: boolean;

  constructor(readonly data: Buffer) {
    this.wide = data[4] === 2;
    this.#little = data[5] === 1;
    if ((data[4] !== 1 && data[4] !== 2) || (data[5] !== 1 && data[5] !== 2)) {
      throw new RangeError("unknown class or byte order");
    }
  }

  half(offset: number): number {
    return this.#little ? this.data.readUInt16LE(offset) : this.data.readUInt16BE(offset);
  }

  word(offset: number): number {
    return this.#little ? this.data.readUInt32LE(offset) : this.data.readUInt32BE(offset);
  }

  /** An address or offset: 4 or 8 bytes. Larger than any file is as good as infinite. */
  native(offset: number): number {
    if (!this.wide) return this.word(offset);
    return Number(this.#little ? this.data.readBigUInt64LE(offset) : this.data.readBigUInt64BE(offset));
  }

  text(offset: number): string {
    if (!(offset >= 0 && offset < this.data.length))
      throw new RangeError("a string lies outside of the file");
    const end = this.data.indexOf(0, offset);
    if (end < 0) throw new RangeError("a string has no end");
    return this.data.toString("utf8", offset, end);
  }
}

function segments(fields: Fields): Segment[] {
  const { wide } = fields;
  const table = fields.native(wide ? 32 : 28);
  const entrySize = fields.half(wide ? 54 : 42);
  const count = fields.half(wide ? 56 : 44);
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

/** Dynamic entries: tag → values. */
function dynamicEntries(fields: Fields, dynamic: Segment): Map<number, number[]> {
  const width = fields.wide ? 8 : 4;
  const entries = new Map<number, number[]>();
  const count = Math.floor(dynamic.size / (2 * width));
  if (count > mostEntries) throw new RangeError(`the dynamic section has ${count} entries`);
  for (let index = 0; index < count; index++) {
    const at = dynamic.offset + index * 2 * width;
    const tag = fields.native(at);
    if (tag === tags.end) break;
    const values = entries.get(tag) ?? [];
    values.push(fields.native(at + width));
    entries.set(tag, values);
  }
  return entries;
}

/** Reads a file. Throws RangeError when it is truncated or contradicts itself. */
export function readElf(data: Buffer): ElfLinkage {
  const fields = new Fields(data);
  const all = segments(fields);
  const interpreter = all.find(({ type }) => type === segmentTypes.interpreter);
  const dynamic = all.find(({ type }) => type === segmentTypes.dynamic);
  const entries = dynamic ? dynamicEntries(fields, dynamic) : new Map<number, number[]>();
  const strings = (tag: number) => {
    const offsets = entries.get(tag) ?? [];
    if (offsets.length === 0) return [];
    const address = entries.get(tags.stringTable)?.[0] ?? -1;
    const load = all.find(
      (segment) =>
        segment.type === segmentTypes.load &&
        address >= segment.address &&
        address < segment.address + segment.size,
    );
    if (!load) throw new RangeError("the string table is in no segment");
    const table = load.offset + (address - load.address);
    return offsets.map((offset) => fields.text(table + offset));
  };
  const folders = [...strings(tags.rpath), ...strings(tags.runpath)];
  return {
    class: fields.wide ? 64 : 32,
    machine: fields.half(18),
    interpreter: interpreter ? fields.text(interpreter.offset) : null,
    soname: strings(tags.soname)[0] ?? null,
    needed: strings(tags.needed),
    runpath: folders.flatMap((path) => path.split(":")),
  };
}
