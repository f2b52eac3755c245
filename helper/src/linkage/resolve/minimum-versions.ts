/**
 * The least versions of packages that files need, worked out as dpkg-shlibdeps does: by the symbols
 * that they use. An installed version says only what happened to be there.
 */
import { compareDebianVersions } from "../../common/debian-version.ts";
import { quoteWord } from "../../common/shell.ts";
import type { UndefinedSymbol } from "../elf/symbols.ts";
import { type Ask, askTogether, newMark, type Question } from "./ask.ts";
import {
  findShlibs,
  type Minimum,
  readRelation,
  readSymbolsOf,
  smallestVersion,
  type SymbolsOfLibrary,
} from "./dpkg-symbols.ts";
import type { SystemLibraries, SystemPackage } from "./system-libraries.ts";

/** A file, the system's libraries that it needs itself, and the symbols that it takes of any. */
export interface FileNeeds {
  needed: { soname: string; realPath: string }[];
  symbols: readonly UndefinedSymbol[];
}

/** What a package has under /var/lib/dpkg/info; "" where it has none. */
interface Declared {
  symbols: string;
  shlibs: string;
}

/**
 * For each package that owns a library which a file needs itself, and each other that such a
 * package asks for in its stead: the least version; null where nothing says one, as in any rpm.
 */
export async function minimumVersions(
  ask: Ask,
  system: SystemLibraries,
  files: readonly FileNeeds[],
): Promise<Map<string, string | null>> {
  const owners = new Map<string, SystemPackage>();
  for (const { realPath } of files.flatMap(({ needed }) => needed)) {
    const owner = system.packageOf(realPath);
    if (owner) owners.set(owner.key, owner);
  }
  const minima = new Map<string, string | null>([...owners.values()].map((owner) => [owner.package, null]));
  if (system.format !== "deb" || owners.size === 0) return minima;
  const [declared] = await askTogether(ask, [
    declarationsQuestion([...owners.keys()].sort(), system.database),
  ]);
  const relations = new Relations(system, declared);
  for (const file of files) relations.collect(file);
  for (const { package: name, version } of relations.minima()) {
    const known = minima.get(name) ?? null;
    if (known === null || (version !== null && compareDebianVersions(version, known) > 0)) {
      minima.set(name, version);
    }
  }
  return minima;
}

/** Prints the symbols and shlibs files of packages. */
function declarationsQuestion(keys: string[], database: string): Question<Map<string, Declared>> {
  const mark = newMark();
  const script = keys
    .flatMap((key) => ["symbols", "shlibs"].map((kind) => `${database}/info/${key}.${kind}`))
    .map((path) => `cat ${quoteWord(path)} 2>/dev/null || :\necho ${mark}`)
    .join("\n");
  return {
    script,
    read(output) {
      const parts = output.split(`${mark}\n`);
      return new Map(
        keys.map((key, index) => [
          key,
          { symbols: parts[2 * index] ?? "", shlibs: parts[2 * index + 1] ?? "" },
        ]),
      );
    },
  };
}

/** What files ask of packages, each once: thousands of symbols came with the same few versions. */
class Relations {
  /** Relation → versions that stand for #MINVER# in it. */
  readonly #known = new Map<string, Set<string | null>>();
  /** By real path and soname; null for a library without symbols. */
  readonly #libraries = new Map<string, SymbolsOfLibrary | null>();

  constructor(
    private readonly system: SystemLibraries,
    private readonly declared: Map<string, Declared>,
  ) {}

  /** Adds what one file asks for. */
  collect({ needed, symbols }: FileNeeds): void {
    const libraries = needed.flatMap((one) => this.#library(one) ?? []);
    const bySoname = new Map(libraries.map((library) => [library.soname, library]));
    for (const { name, version, soname } of symbols) {
      const symbol = `${name}@${version ?? "Base"}`;
      // The library that the version is asked of first; the symbol may have moved to another since.
      const asked = soname === null ? undefined : bySoname.get(soname);
      const library = asked?.symbols.has(symbol) ? asked : libraries.find((one) => one.symbols.has(symbol));
      const found = library?.symbols.get(symbol);
      if (library && found) this.#add(library.templates[found.template] ?? "", found.minimum);
    }
  }

  /** What all of them ask for, with repetitions. */
  *minima(): Generator<Minimum> {
    for (const [relation, versions] of this.#known) {
      for (const minimum of versions) yield* readRelation(relation, minimum);
    }
  }

  #add(relation: string, minimum: string | null): void {
    const versions = this.#known.get(relation);
    if (versions) versions.add(minimum);
    else this.#known.set(relation, new Set([minimum]));
  }

  /** The symbols of a library. When it is first needed, what using it at all takes is added. */
  #library({ soname, realPath }: FileNeeds["needed"][number]): SymbolsOfLibrary | null {
    const key = `${realPath}\n${soname}`;
    const seen = this.#libraries.get(key);
    if (seen !== undefined) return seen;
    const owner = this.system.packageOf(realPath)?.key ?? "";
    const { symbols = "", shlibs = "" } = this.declared.get(owner) ?? {};
    const library = readSymbolsOf(symbols, soname);
    if (library) this.#add(library.templates[0] ?? "", smallestVersion(library));
    else this.#add(findShlibs(shlibs, soname) ?? "", null);
    this.#libraries.set(key, library);
    return library;
  }
}
