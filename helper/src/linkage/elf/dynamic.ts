/**
 * The dynamic section, read as the loader reads it: through program headers and addresses, never
 * through section headers, which may be missing or lie. Source: System V ABI, "Dynamic Linking".
 */
import { readable } from "../../common/readable.ts";
import type { Header, Segment } from "./layout.ts";
import { ElfError } from "./bytes.ts";

export const tags = {
  needed: 1,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  rela: 7,
  stringSize: 10,
  soname: 14,
  rpath: 15,
  rel: 17,
  jumpRelocations: 23,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  symbolVersions: 0x6ffffff0,
  flags1: 0x6ffffffb,
  versionsNeeded: 0x6ffffffe,
  versionsNeededCount: 0x6fffffff,
} as const;

/** The largest known have some hundreds; the loader takes quadratic time for more. */
export const mostNeeded = 1000;
/** Of all kinds. Real sections have some dozens besides NEEDED. */
const mostEntries = 65_536;
/** A name, or a list of folders. */
const longestText = 64 * 1024;

export interface Dynamic {
  /** Values of DT_NEEDED: offsets in the string table. */
  needed: number[];
  /** Tag → value. Of a tag that comes twice the last one counts, as it does for the loader. */
  values: Map<number, number>;
}

/**
 * Offset in the file of an address, and how many bytes of the file follow it in its segment. Throws
 * ElfError when no loaded segment has it, or two that disagree.
 */
export function locate(segments: Segment[], address: number, what: string): { offset: number; size: number } {
  let found: { offset: number; size: number } | null = null;
  for (const segment of segments) {
    const inside = address - segment.address;
    if (segment.type !== "load" || !(inside >= 0 && inside < segment.size)) continue;
    const place = { offset: segment.offset + inside, size: segment.size - inside };
    if (found && found.offset !== place.offset) throw new ElfError(`${what} is in two segments at once`);
    found = place;
  }
  if (!found) throw new ElfError(`${what} is in no loaded segment`);
  return found;
}

/** Reads the dynamic section; null for a file without one. */
export function readDynamic({ fields, segments }: Header): Dynamic | null {
  const segment = segments.findLast(({ type }) => type === "dynamic");
  // Files that hold only debug information keep the header, with nothing in it; the loader knows them.
  if (!segment || segment.size === 0) return null;
  const place = locate(segments, segment.address, "the dynamic section");
  if (place.offset !== segment.offset) {
    throw new ElfError("the dynamic section's address and offset contradict each other");
  }
  const width = fields.wide ? 8 : 4;
  const most = Math.min(Math.floor(place.size / (2 * width)), mostEntries);
  const dynamic: Dynamic = { needed: [], values: new Map() };
  for (let index = 0; index < most; index++) {
    const entry = fields.source.read(place.offset + index * 2 * width, 2 * width);
    const tag = fields.native(entry, 0);
    if (tag === 0) return dynamic;
    const value = fields.native(entry, width);
    if (tag !== tags.needed) dynamic.values.set(tag, value);
    else if (dynamic.needed.push(value) > mostNeeded) {
      throw new ElfError(`its dynamic section has no end in sight: more than ${mostNeeded} NEEDED entries`);
    }
  }
  throw new ElfError(
    most === mostEntries
      ? `its dynamic section has more than ${mostEntries} entries`
      : "its dynamic section has no end",
  );
}

/** The string table of the dynamic section. */
export class Strings {
  readonly #offset: number;
  readonly #size: number;

  constructor(
    private readonly header: Header,
    dynamic: Dynamic,
  ) {
    const address = dynamic.values.get(tags.stringTable);
    if (address === undefined) throw new ElfError("there is no string table");
    const place = locate(header.segments, address, "the string table");
    const size = dynamic.values.get(tags.stringSize) ?? place.size;
    if (size > place.size) throw new ElfError("the string table does not end within its segment");
    this.#offset = place.offset;
    this.#size = size;
  }

  /** The bytes at an index, without the NUL that ends them. */
  bytes(index: number): Buffer {
    const { source } = this.header.fields;
    if (!(index >= 0 && index < this.#size)) throw new ElfError("a name lies outside of the string table");
    // Most names are short, and the block that has them is read already.
    for (let length = 64; ; length *= 8) {
      const data = source.read(this.#offset + index, Math.min(length, this.#size - index));
      const end = data.indexOf(0);
      if (end >= 0) return data.subarray(0, end);
      if (data.length < length) throw new ElfError("a name has no end");
      if (length >= longestText) throw new ElfError(`a name is longer than ${longestText} bytes`);
    }
  }

  /** As `bytes`, in a readable form. */
  text(index: number): string {
    return readable(this.bytes(index));
  }

  /** The whole table. */
  all(): Buffer {
    return this.header.fields.source.read(this.#offset, this.#size);
  }

  get size(): number {
    return this.#size;
  }
}
