/** The ELF header and the program headers. Source: System V ABI, "Object Files" and "Program Loading". */
import { type ByteSource, ElfError } from "./bytes.ts";

const segmentTypes = { load: 1, dynamic: 2, interpreter: 3, note: 4 } as const;
export type SegmentType = keyof typeof segmentTypes;
const typeNames = new Map<number, SegmentType>(
  Object.entries(segmentTypes).map(([name, value]) => [value, name as SegmentType]),
);

/** Linux starts no program with more than 64 KiB of program headers: 1,170 of them. */
const mostSegments = 1170;

/** e_machine, by the name that `uname -m` has for it. The second is that of the other byte order. */
const machines = new Map<number, [little: string, big: string]>([
  [2, ["sparc", "sparc"]],
  [3, ["i386", "i386"]],
  [4, ["m68k", "m68k"]],
  [8, ["mipsel", "mips"]],
  [15, ["hppa", "hppa"]],
  [20, ["ppcle", "ppc"]],
  [21, ["ppc64le", "ppc64"]],
  [22, ["s390x", "s390x"]],
  [40, ["arm", "armeb"]],
  [42, ["sh4", "sh4eb"]],
  [43, ["sparc64", "sparc64"]],
  [50, ["ia64", "ia64"]],
  [62, ["x86_64", "x86_64"]],
  [183, ["aarch64", "aarch64_be"]],
  [247, ["bpf", "bpf"]],
  [258, ["loongarch64", "loongarch64"]],
]);

/** Fields of the file's own class and byte order. */
export class Fields {
  constructor(
    readonly source: ByteSource,
    readonly wide: boolean,
    readonly little: boolean,
  ) {}

  half(data: Buffer, offset: number): number {
    return this.little ? data.readUInt16LE(offset) : data.readUInt16BE(offset);
  }

  word(data: Buffer, offset: number): number {
    return this.little ? data.readUInt32LE(offset) : data.readUInt32BE(offset);
  }

  /** An address, offset or size: 4 or 8 bytes. One larger than any file is as good as infinite. */
  native(data: Buffer, offset: number): number {
    if (!this.wide) return this.word(data, offset);
    return Number(this.little ? data.readBigUInt64LE(offset) : data.readBigUInt64BE(offset));
  }
}

export interface Segment {
  type: SegmentType;
  offset: number;
  address: number;
  /** In the file. */
  size: number;
  align: number;
}

export interface Header {
  fields: Fields;
  /** e_type: 1 relocatable, 2 executable, 3 shared object or PIE, 4 core. */
  type: number;
  machineNumber: number;
  machine: string;
  /** Only of the types that matter here. */
  segments: Segment[];
  sections: { offset: number; entrySize: number; count: number };
}

/** Whether the bytes begin as an ELF file does. */
export function isElf(data: Buffer): boolean {
  return data.length >= 4 && data.readUInt32BE(0) === 0x7f454c46;
}

function machineName(number: number, { wide, little }: Fields): string {
  if (number === 243) return wide ? "riscv64" : "riscv32";
  if (number === 8 && wide) return little ? "mips64el" : "mips64";
  if (number === 22 && !wide) return "s390";
  return machines.get(number)?.[little ? 0 : 1] ?? `machine ${number}`;
}

function readSegments(fields: Fields, table: number, entrySize: number, count: number): Segment[] {
  const { wide } = fields;
  if (count === 0) return [];
  // The loader refuses any other size too.
  if (entrySize !== (wide ? 56 : 32)) throw new ElfError(`program headers of ${entrySize} bytes`);
  if (count > mostSegments) {
    throw new ElfError(
      `the file has ${count} program headers, more than the ${mostSegments} that can be loaded`,
    );
  }
  const data = fields.source.read(table, count * entrySize);
  const segments: Segment[] = [];
  for (let at = 0; at < data.length; at += entrySize) {
    const type = typeNames.get(fields.word(data, at));
    if (!type) continue;
    segments.push({
      type,
      offset: fields.native(data, at + (wide ? 8 : 4)),
      address: fields.native(data, at + (wide ? 16 : 8)),
      size: fields.native(data, at + (wide ? 32 : 16)),
      align: fields.native(data, at + (wide ? 48 : 28)),
    });
  }
  return segments;
}

/** A program that is cut is started nonetheless, and dies when it comes to what is missing. */
function refuseTruncated(segments: Segment[], size: number): void {
  if (segments.some((segment) => segment.type === "load" && segment.offset + segment.size > size)) {
    throw new ElfError("the file is truncated: it ends before its segments do");
  }
}

/** Reads the header. Throws ElfError. */
export function readHeader(source: ByteSource): Header {
  const start = source.read(0, 16);
  if (!isElf(start)) throw new ElfError("it is no ELF file");
  const [fileClass, order] = [start[4], start[5]];
  if ((fileClass !== 1 && fileClass !== 2) || (order !== 1 && order !== 2)) {
    throw new ElfError(`unknown ELF class ${fileClass} or byte order ${order}`);
  }
  const wide = fileClass === 2;
  const fields = new Fields(source, wide, order === 1);
  const data = source.read(0, wide ? 64 : 52);
  const type = fields.half(data, 16);
  const machineNumber = fields.half(data, 18);
  const rest = wide ? 54 : 42;
  // A core dump's segments are its memory; they may be more than the field holds.
  const count = type === 4 ? 0 : fields.half(data, rest + 2);
  const segments = readSegments(fields, fields.native(data, wide ? 32 : 28), fields.half(data, rest), count);
  refuseTruncated(segments, source.size);
  return {
    fields,
    type,
    machineNumber,
    machine: machineName(machineNumber, fields),
    segments,
    sections: {
      offset: fields.native(data, wide ? 40 : 32),
      entrySize: fields.half(data, rest + 4),
      count: fields.half(data, rest + 6),
    },
  };
}

export interface Section {
  type: number;
  address: number;
  offset: number;
  size: number;
  align: number;
}

/**
 * The section headers. No loader needs them and stripped files may lack them, so a table that lies
 * outside of the file is an empty one.
 */
export function readSections({ fields, sections: { offset, entrySize, count } }: Header): Section[] {
  const { wide, source } = fields;
  if (count === 0 || entrySize !== (wide ? 64 : 40) || offset + count * entrySize > source.size) return [];
  const data = source.read(offset, count * entrySize);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    return {
      type: fields.word(data, at + 4),
      address: fields.native(data, at + (wide ? 16 : 12)),
      offset: fields.native(data, at + (wide ? 24 : 16)),
      size: fields.native(data, at + (wide ? 32 : 20)),
      align: fields.native(data, at + (wide ? 48 : 32)),
    };
  });
}
