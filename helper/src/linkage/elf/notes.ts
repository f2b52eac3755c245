/** Notes: the build id, and what a file says it may load at run time. */
import * as v from "valibot";
import type { Dlopen } from "../report.ts";
import { type Header, readSections } from "./layout.ts";
import { ElfError } from "./bytes.ts";

/** More is no real file. */
const mostNotes = 1000;
/** A build id is a hash, but `--build-id=0x…` may be of any length. */
const longestBuildId = 256;
const longestDlopen = 64 * 1024;

const buildIdType = 3;
const dlopenType = 0x407c0c0a;
const noteSection = 7;

/** https://systemd.io/ELF_DLOPEN_METADATA */
const dlopenSchema = v.pipe(
  v.array(
    v.object({
      soname: v.union([v.string(), v.pipe(v.array(v.string()), v.maxLength(100))]),
      feature: v.optional(v.string()),
      description: v.optional(v.string()),
      priority: v.optional(v.string()),
    }),
  ),
  v.maxLength(1000),
);

export interface Notes {
  /** In hexadecimal. */
  buildId: string | null;
  dlopen: Dlopen[];
}

/** A malformed note is as good as none: it is only a hint. */
function parseDlopen(description: Buffer): Dlopen[] {
  try {
    const text = description.toString("utf8").replace(/\0+$/, "");
    return v.parse(dlopenSchema, JSON.parse(text)).map(({ soname, feature, description, priority }) => ({
      sonames: [soname].flat(),
      feature: feature ?? null,
      description: description ?? null,
      priority: priority ?? null,
    }));
  } catch {
    return [];
  }
}

interface Place {
  offset: number;
  size: number;
  align: number;
}

/** Where notes are: in segments, or in sections of files that are not loaded, or have no such segment. */
function places(header: Header): Place[] {
  if (header.type === 4) return [];
  const segments = header.segments.filter(({ type }) => type === "note");
  if (segments.length > 0) return segments;
  return readSections(header).filter(({ type }) => type === noteSection);
}

export function readNotes(header: Header): Notes {
  const { fields } = header;
  const notes: Notes = { buildId: null, dlopen: [] };
  let count = 0;
  for (const { offset, size, align } of places(header)) {
    if (offset + size > fields.source.size) throw new ElfError("a note lies outside of the file");
    const round = (length: number) => (align === 8 ? (length + 7) & ~7 : (length + 3) & ~3);
    // What does not fit its segment is no note: nothing that is loaded depends on it.
    for (let at = offset; at + 12 <= offset + size && count < mostNotes; count++) {
      const start = fields.source.read(at, 12);
      const [nameSize, length] = [fields.word(start, 0), fields.word(start, 4)];
      if (nameSize > size || length > size) break;
      const description = at + round(12 + nameSize);
      if (description + length > offset + size) break;
      const name = nameSize === 4 ? fields.source.read(at + 12, 4).toString("latin1") : "";
      const type = fields.word(start, 8);
      if (name === "GNU\0" && type === buildIdType && length > 0 && length <= longestBuildId) {
        notes.buildId ??= fields.source.read(description, length).toString("hex");
      } else if (name === "FDO\0" && type === dlopenType && length <= longestDlopen) {
        notes.dlopen.push(...parseDlopen(fields.source.read(description, length)));
      }
      at = description + round(length);
    }
  }
  return notes;
}
