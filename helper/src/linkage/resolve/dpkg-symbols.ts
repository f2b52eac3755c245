/**
 * Reads what Debian packages say of the versions that their libraries' symbols came with:
 * deb-symbols(5) and deb-shlibs(5).
 */
import { compareDebianVersions } from "../../common/debian-version.ts";

/** One library in a symbols file. */
export interface SymbolsOfLibrary {
  soname: string;
  /** What a symbol's user depends on: "libfoo #MINVER#, libfoo (<< 2)"; symbols name one by number. */
  templates: string[];
  /** "name@version" → the version that has it first, and the number of its template. */
  symbols: Map<string, { minimum: string; template: number }>;
}

/** Reads a symbols file as it is installed: without the patterns that sources may have. */
export function readSymbols(text: string): SymbolsOfLibrary[] {
  const libraries: SymbolsOfLibrary[] = [];
  for (const line of text.split("\n")) {
    const library = libraries.at(-1);
    if (line === "" || line.startsWith("#") || line.startsWith("*")) continue;
    if (line.startsWith("|")) {
      library?.templates.push(line.slice(1).trim());
    } else if (line.startsWith(" ")) {
      if (library) readSymbol(line, library.symbols);
    } else {
      const space = line.indexOf(" ");
      if (space < 0) continue;
      const template = line.slice(space + 1).trim();
      libraries.push({ soname: line.slice(0, space), templates: [template], symbols: new Map() });
    }
  }
  return libraries;
}

/**
 * Reads what a symbols file says of one library; null when it has nothing of it. A file may have many
 * libraries, and most symbols are those of the C library, of which few builds use more than one.
 */
export function readSymbolsOf(text: string, soname: string): SymbolsOfLibrary | null {
  const start = text.startsWith(`${soname} `) ? 0 : text.indexOf(`\n${soname} `) + 1;
  if (start === 0 && !text.startsWith(`${soname} `)) return null;
  nextLibrary.lastIndex = start;
  const end = nextLibrary.exec(text)?.index ?? text.length;
  return readSymbols(text.slice(start, end))[0] ?? null;
}

/** The end of a line before one that begins with a soname. */
const nextLibrary = /\n(?=[^\s|*#])/g;

/** Reads ' name@version minimum [template]'. There are some 100,000 such lines, so the usual kind is cut by hand. */
function readSymbol(line: string, symbols: SymbolsOfLibrary["symbols"]): void {
  const end = line.indexOf(" ", 1);
  const second = end < 0 ? -1 : line.indexOf(" ", end + 1);
  if (end > 1 && second < 0 && line.charCodeAt(1) !== 0x22 && end + 1 < line.length) {
    symbols.set(line.slice(1, end), { minimum: line.slice(end + 1), template: 0 });
    return;
  }
  const [, name, minimum, template = "0"] = /^ (?:"([^"]*)"|\S+) (\S+)(?: (\d+))?$/.exec(line) ?? [];
  if (minimum === undefined) return;
  symbols.set(name ?? line.slice(1, end), { minimum, template: Number(template) });
}

/** The smallest version in a library's symbols of the first template: what using it at all takes. */
export function smallestVersion({ symbols }: SymbolsOfLibrary): string | null {
  const versions = new Set<string>();
  for (const { minimum, template } of symbols.values()) if (template === 0) versions.add(minimum);
  let smallest: string | null = null;
  for (const version of versions) {
    if (smallest === null || compareDebianVersions(version, smallest) < 0) smallest = version;
  }
  return smallest;
}

/** What a relation asks of a package: at least that version; null: any. */
export interface Minimum {
  package: string;
  version: string | null;
}

/**
 * The least versions in a relation, #MINVER# being `minimum`. Of alternatives the first counts, as
 * package managers take it. A limit above is not ours to tell.
 */
export function readRelation(relation: string, minimum: string | null): Minimum[] {
  return relation.split(",").flatMap((part) => {
    const first = part.split("|")[0]?.trim() ?? "";
    const [, name, rest = ""] = /^([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9-]+)?\s*(.*)$/.exec(first) ?? [];
    if (name === undefined) return [];
    if (rest.includes("#MINVER#")) return [{ package: name, version: minimum }];
    const version = /^\((?:>=|>>|=)\s*([^)\s]+)\)/.exec(rest)?.[1] ?? null;
    return [{ package: name, version }];
  });
}

/** The relation that a shlibs file has for a soname; null without one. */
export function findShlibs(text: string, soname: string): string | null {
  const [, library, version] = /^(.+)\.so\.(.+)$/.exec(soname) ?? /^(.+)-(\d.*)\.so$/.exec(soname) ?? [];
  for (const line of text.split("\n")) {
    // A line for another kind of package has it in front: "udeb: libfoo 1 …".
    const [, name, number, relation = ""] = /^(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(line) ?? [];
    if (name === library && number === version && name !== undefined) return relation.trim();
  }
  return null;
}
