/** Notes of an ELF file: its build id, and what it says that it may load at run time. */
import * as v from "valibot";
import type { Dlopen } from "../report.ts";
import { type ElfLayout, segmentTypes } from "./layout.ts";

/** NT_GNU_BUILD_ID, of the owner "GNU". */
const buildIdType = 3;
/** Of the owner "FDO": https://systemd.io/ELF_DLOPEN_METADATA */
const dlopenType = 0x407c0c0a;
const sectionTypeNote = 7;
const mostSections = 20_000;
const mostNotes = 1000;
/** Bytes; a note that is larger is none of those that are read here. */
const largestNotes = 256 * 1024;

export interface Notes {
  /** Hexadecimal; null where it has none. */
  buildId: string | null;
  dlopen: Dlopen[];
}

const dlopenSchema = v.array(
  v.object({
    soname: v.union([v.string(), v.array(v.string())]),
    feature: v.optional(v.string()),
    description: v.optional(v.string()),
    priority: v.optional(v.string()),
  }),
);

function parseDlopen(text: string): Dlopen[] {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/\0+$/, ""));
  } catch {
    return []; // advice that cannot be read is no advice
  }
  const parsed = v.safeParse(dlopenSchema, json);
  if (!parsed.success) return [];
  return parsed.output.map(({ soname, feature = null, description = null, priority = null }) => ({
    sonames: [soname].flat(),
    feature,
    description,
    priority,
  }));
}

/** Places that hold notes: segments, and in files without any (objects, kernel modules) sections. */
function places({ fields, segments }: ElfLayout): { offset: number; size: number }[] {
  const inSegments = segments.filter(({ type }) => type === segmentTypes.note);
  if (segments.length > 0) return inSegments;
  const { wide } = fields;
  const table = fields.native(wide ? 40 : 32);
  const entrySize = fields.half(wide ? 58 : 46);
  const count = Math.min(fields.half(wide ? 60 : 48), mostSections);
  if (table === 0 || entrySize < (wide ? 64 : 40)) return [];
  return Array.from({ length: count }, (_, index) => table + index * entrySize)
    .filter((at) => fields.word(at + 4) === sectionTypeNote)
    .map((at) => ({
      offset: fields.native(at + (wide ? 24 : 16)),
      size: fields.native(at + (wide ? 32 : 20)),
    }));
}

const padded = (length: number) => Math.ceil(length / 4) * 4;

/** Reads the notes that are known here. Throws RangeError when they lie outside of the file. */
export function readNotes(elf: ElfLayout): Notes {
  const notes: Notes = { buildId: null, dlopen: [] };
  let count = 0;
  for (const { offset, size } of places(elf)) {
    if (size > largestNotes) continue;
    for (let at = offset; at + 12 <= offset + size && count < mostNotes; count++) {
      const nameSize = elf.fields.word(at);
      const dataSize = elf.fields.word(at + 4);
      const type = elf.fields.word(at + 8);
      const data = at + 12 + padded(nameSize);
      if (data + dataSize > offset + size) break;
      const owner = elf.fields.bytes.read(at + 12, Math.min(nameSize, 4)).toString("latin1");
      if (owner === "GNU\0" && type === buildIdType && notes.buildId === null && dataSize > 0) {
        notes.buildId = elf.fields.bytes.read(data, dataSize).toString("hex");
      } else if (owner === "FDO\0" && type === dlopenType) {
        notes.dlopen.push(...parseDlopen(elf.fields.bytes.read(data, dataSize).toString("utf8")));
      }
      at = data + padded(dataSize);
    }
  }
  return notes;
}
