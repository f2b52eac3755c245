/** Symbols that a file takes from libraries: what a package's symbols file is asked about. */
import type { ByteSource } from "./bytes.ts";
import { eachVersionNeeded } from "./facts.ts";
import { bounds, ElfLayout, tags } from "./layout.ts";

export interface UndefinedSymbol {
  name: string;
  /** Version that the symbol must have, and the library that must have it; null: it has none. */
  version: string | null;
  soname: string | null;
}

/**
 * Number of dynamic symbols. No field says it: DT_HASH does in passing (its number of chains), and
 * for DT_GNU_HASH it is past the end of the longest chain.
 */
function symbolCount(elf: ElfLayout): number {
  const { fields } = elf;
  const hash = elf.table(tags.hash);
  if (hash !== null) return fields.word(hash + 4);
  const gnu = elf.table(tags.gnuHash);
  if (gnu === null) return 0;
  const [buckets, first, bloom] = [fields.word(gnu), fields.word(gnu + 4), fields.word(gnu + 8)];
  if (buckets > bounds.symbols || bloom > bounds.symbols) throw new RangeError("its hash table has no end");
  const bucketTable = gnu + 16 + bloom * (fields.wide ? 8 : 4);
  const chains = bucketTable + buckets * 4;
  let last = 0;
  for (let bucket = 0; bucket < buckets; bucket++)
    last = Math.max(last, fields.word(bucketTable + bucket * 4));
  // With no defined symbol there is no chain: the undefined ones are those before the first.
  if (last < first) return first;
  while ((fields.word(chains + (last - first) * 4) & 1) === 0) {
    if (++last > bounds.symbols) throw new RangeError("its hash table has no end");
  }
  return last + 1;
}

/** Reads them. Throws RangeError as `readElf` does. */
export function undefinedSymbols(bytes: ByteSource): UndefinedSymbol[] {
  const elf = new ElfLayout(bytes);
  const { fields } = elf;
  const table = elf.table(tags.symbolTable);
  if (table === null) return [];
  const count = symbolCount(elf);
  if (count > bounds.symbols) throw new RangeError(`it has ${count} symbols`);
  const versions = new Map<number, { soname: string; version: string }>();
  eachVersionNeeded(elf, (soname, version, index) => versions.set(index & 0x7fff, { soname, version }));
  const versionTable = elf.table(tags.versionSymbols);
  const entrySize = fields.wide ? 24 : 16;
  const found: UndefinedSymbol[] = [];
  for (let index = 1; index < count; index++) {
    const at = table + index * entrySize;
    const isDefined = fields.half(at + (fields.wide ? 6 : 14)) !== 0;
    if (isDefined) continue;
    const name = elf.string(fields.word(at));
    if (name === "") continue;
    const known =
      versionTable === null ? undefined : versions.get(fields.half(versionTable + index * 2) & 0x7fff);
    found.push({ name, version: known?.version ?? null, soname: known?.soname ?? null });
  }
  return found;
}
