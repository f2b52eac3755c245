/** Symbol versions that a file needs. Source: Linux Standard Base, "Symbol Versioning". */
import { type Dynamic, locate, mostNeeded, type Strings, tags } from "./dynamic.ts";
import type { Header } from "./layout.ts";
import { ElfError } from "./bytes.ts";

/** Of all libraries together; libraries with the most have some dozens. */
const mostVersions = 20_000;

export interface NeededVersion {
  soname: string;
  version: string;
  /** What the version table calls it. */
  index: number;
}

/** All versions, in the file's order; the chains only go forward, and their links are counted. */
export function readVersionsNeeded(header: Header, dynamic: Dynamic, strings: Strings): NeededVersion[] {
  const address = dynamic.values.get(tags.versionsNeeded);
  const count = dynamic.values.get(tags.versionsNeededCount) ?? 0;
  if (address === undefined || count === 0) return [];
  if (count > mostNeeded) throw new ElfError(`the file needs versions of ${count} libraries`);
  const { fields } = header;
  const table = locate(header.segments, address, "the table of needed versions");
  const entry = (at: number) => {
    if (at + 16 > table.size) throw new ElfError("the table of needed versions leaves its segment");
    return fields.source.read(table.offset + at, 16);
  };
  const found: NeededVersion[] = [];
  for (let at = 0, file = 0; file < count; file++) {
    const need = entry(at);
    const soname = strings.text(fields.word(need, 4));
    const versions = fields.half(need, 2);
    let place = at + fields.word(need, 8);
    for (let index = 0; index < versions; index++) {
      const version = entry(place);
      if (found.length >= mostVersions)
        throw new ElfError(`the file needs more than ${mostVersions} versions`);
      found.push({
        soname,
        version: strings.text(fields.word(version, 8)),
        index: fields.half(version, 6) & 0x7fff,
      });
      const next = fields.word(version, 12);
      if (next === 0) break;
      place += next;
    }
    const next = fields.word(need, 12);
    // The loader follows the chain, not the count.
    if (next === 0) break;
    if (file === count - 1) throw new ElfError("the chain of needed versions does not end where it says");
    at += next;
  }
  return found;
}
