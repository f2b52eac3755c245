/** Symbols that a file takes from others: what dpkg-shlibdeps looks up in packages' symbols files. */
import { readable } from "../../common/readable.ts";
import { type Dynamic, locate, readDynamic, Strings, tags } from "./dynamic.ts";
import { type Header, readHeader, readSections } from "./layout.ts";
import { type ByteSource, ElfError } from "./bytes.ts";
import { readVersionsNeeded } from "./versions.ts";

export interface UndefinedSymbol {
  name: string;
  /** "GLIBC_2.34"; null where it has none. */
  version: string | null;
  /** The library that the version is of; null where it has none. */
  soname: string | null;
}

/** The largest libraries have some 200,000. */
const mostSymbols = 2_000_000;
const largestStrings = 256 * 1024 * 1024;
/** Names may overlap, so that a small file could have gigabytes of them. */
const mostNameBytes = 256 * 1024 * 1024;
const dynamicSymbols = 11;
/** Names that are as they are read: printable ASCII, but for the backslash, and the zero bytes between. */
const plainNames = /^[\0 -[\]-~]*$/;

/** Number of symbols by DT_GNU_HASH, which knows the last of those that it has; null if it has none. */
function countByGnuHash(header: Header, address: number): number | null {
  const { fields, segments } = header;
  const table = locate(segments, address, "the hash table");
  const start = fields.source.read(table.offset, 16);
  const [buckets, first, filter] = [fields.word(start, 0), fields.word(start, 4), fields.word(start, 8)];
  if (buckets > mostSymbols) throw new ElfError(`the hash table has ${buckets} buckets`);
  const bucketsAt = table.offset + 16 + filter * (fields.wide ? 8 : 4);
  const data = fields.source.read(bucketsAt, buckets * 4);
  let last = 0;
  for (let at = 0; at < data.length; at += 4) last = Math.max(last, fields.word(data, at));
  if (last < first || last === 0) return null;
  const chains = bucketsAt + buckets * 4;
  // The last chain ends with an odd hash, and with it the table.
  for (; last < mostSymbols; last++) {
    if (fields.word(fields.source.read(chains + (last - first) * 4, 4), 0) & 1) return last + 1;
  }
  throw new ElfError(`the file has more than ${mostSymbols} symbols`);
}

/** The symbol table has no size of its own: ask what has one, else take all up to the next table. */
function countSymbols(header: Header, dynamic: Dynamic, table: number, entrySize: number): number {
  const { values } = dynamic;
  const { fields, segments } = header;
  const hash = values.get(tags.hash);
  // The hash table of s390x and Alpha has wider entries; the section headers are there then.
  if (hash !== undefined && ![22, 0x9026].includes(header.machineNumber)) {
    return fields.word(fields.source.read(locate(segments, hash, "the hash table").offset, 8), 4);
  }
  const section = readSections(header).find(
    ({ type, address }) => type === dynamicSymbols && address === table,
  );
  if (section) return Math.floor(section.size / entrySize);
  const gnuHash = values.get(tags.gnuHash);
  const count = gnuHash === undefined ? null : countByGnuHash(header, gnuHash);
  if (count !== null) return count;
  const after = [
    tags.stringTable,
    tags.symbolVersions,
    tags.versionsNeeded,
    tags.gnuHash,
    tags.rela,
    tags.rel,
    tags.jumpRelocations,
  ]
    .map((tag) => values.get(tag) ?? 0)
    .filter((address) => address > table);
  if (after.length === 0) throw new ElfError("the number of symbols is not to be known");
  return Math.floor((Math.min(...after) - table) / entrySize);
}

/** Finds names in a string table that is read whole. */
function nameReader(strings: Strings): (index: number) => string {
  if (strings.size > largestStrings) throw new ElfError(`a string table of ${strings.size} bytes`);
  const all = strings.all();
  // Parts of one text cost little, where each part of a buffer is an object with all that belongs to it.
  const text = all.toString("latin1");
  const isPlain = plainNames.test(text);
  let total = 0;
  return (index) => {
    const end = index < text.length ? text.indexOf("\0", index) : -1;
    if (end < 0) throw new ElfError("a symbol's name lies outside of the string table");
    total += end - index;
    if (total > mostNameBytes) throw new ElfError("the symbols' names are too long");
    return isPlain ? text.slice(index, end) : readable(all.subarray(index, end));
  };
}

/** Symbols that the file takes from its libraries, in the file's order. Throws ElfError. */
export function undefinedSymbols(source: ByteSource): UndefinedSymbol[] {
  const header = readHeader(source);
  const dynamic = readDynamic(header);
  const table = dynamic?.values.get(tags.symbolTable);
  if (!dynamic || table === undefined) return [];
  const { fields, segments } = header;
  const entrySize = fields.wide ? 24 : 16;
  const count = countSymbols(header, dynamic, table, entrySize);
  if (count > mostSymbols) throw new ElfError(`the file has ${count} symbols, more than ${mostSymbols}`);
  const strings = new Strings(header, dynamic);
  const name = nameReader(strings);
  const versions = new Map(
    readVersionsNeeded(header, dynamic, strings).map((version) => [version.index, version]),
  );
  const read = (address: number, size: number, what: string) => {
    const place = locate(segments, address, what);
    if (size > place.size) throw new ElfError(`${what} leaves its segment`);
    return fields.source.read(place.offset, size);
  };
  const symbols = read(table, count * entrySize, "the symbol table");
  const address = dynamic.values.get(tags.symbolVersions);
  const numbers = address === undefined ? null : read(address, count * 2, "the version table");
  const found: UndefinedSymbol[] = [];
  for (let index = 1; index < count; index++) {
    const at = index * entrySize;
    const nameAt = fields.word(symbols, at);
    if (nameAt === 0 || fields.half(symbols, at + (fields.wide ? 6 : 14)) !== 0) continue;
    const version = numbers ? versions.get(fields.half(numbers, index * 2) & 0x7fff) : undefined;
    found.push({ name: name(nameAt), version: version?.version ?? null, soname: version?.soname ?? null });
  }
  return found;
}
