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
  readSymbols,
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
  libraries: SymbolsOfLibrary[];
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
  for (const file of files) {
    for (const { package: name, version } of minimaOf(file, system, declared)) {
      const known = minima.get(name) ?? null;
      if (known === null || (version !== null && compareDebianVersions(version, known) > 0)) {
        minima.set(name, version);
      }
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
          { libraries: readSymbols(parts[2 * index] ?? ""), shlibs: parts[2 * index + 1] ?? "" },
        ]),
      );
    },
  };
}

/** What one file asks of packages, with repetitions. */
function minimaOf(file: FileNeeds, system: SystemLibraries, declared: Map<string, Declared>): Minimum[] {
  const minima: Minimum[] = [];
  const libraries: SymbolsOfLibrary[] = [];
  for (const { soname, realPath } of file.needed) {
    const { libraries: known = [], shlibs = "" } = declared.get(system.packageOf(realPath)?.key ?? "") ?? {};
    const library = known.find((one) => one.soname === soname);
    if (library) {
      libraries.push(library);
      minima.push(...readRelation(library.templates[0] ?? "", smallestVersion(library)));
    } else {
      minima.push(...readRelation(findShlibs(shlibs, soname) ?? "", null));
    }
  }
  for (const { name, version, soname } of file.symbols) {
    const symbol = `${name}@${version ?? "Base"}`;
    // The library that the version is asked of first; the symbol may have moved to another since.
    const library =
      libraries.find((one) => one.soname === soname && one.symbols.has(symbol)) ??
      libraries.find(({ symbols }) => symbols.has(symbol));
    const found = library?.symbols.get(symbol);
    if (library && found) {
      minima.push(...readRelation(library.templates[found.template] ?? "", found.minimum));
    }
  }
  return minima;
}
