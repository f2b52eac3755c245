/** Puts the report's files together: what they say of themselves, with what the system says. */
import { basename } from "node:path";
import type { ElfFacts } from "./elf/facts.ts";
import type { Library, Provider, ReportFile, StaticLibrary } from "./report.ts";
import type { Owner } from "./resolve/system-libraries.ts";
import { isBelow } from "./rules/rule.ts";

/** An ELF file that could be read. */
export interface ReadFile {
  output: string;
  /** As in the report. */
  path: string;
  /** Where the container sees it. */
  inside: string;
  facts: ElfFacts;
}

/** A library as the environment's loader found it. */
export interface LoadedLibrary {
  soname: string;
  /** Where the loader opens it. */
  path: string;
  /** The same with all links followed. */
  realPath: string;
}

/** Where libraries can come from, apart from the system. */
export interface Places {
  /** The Nix store's folder. */
  store: string;
  /** Paths inside the container → the report's files that lie there. */
  own: Map<string, ReadFile>;
  /** Folders in which everything is the build's own. */
  ownFolders: string[];
  ownerOf(realPath: string): Owner | null;
}

const unresolved: Provider = { kind: "unresolved", package: null, version: null, source: null };

/** Who provides the library at a path. */
function providerOf(path: string, places: Places): Provider {
  if (isBelow(path, places.ownFolders)) return { ...unresolved, kind: "output" };
  if (isBelow(path, [places.store])) {
    const name =
      path
        .slice(places.store.length + 1)
        .split("/")[0]
        ?.slice(33) ?? null;
    return { ...unresolved, kind: "nix", package: name };
  }
  const owner = places.ownerOf(path);
  const { package: name = null, version = null, source = null } = owner ?? {};
  return { kind: "system", package: name, version, source };
}

/** The library as the report tells it. A file of the build goes by its name in the report. */
function library({ soname, realPath }: LoadedLibrary, places: Places): Library {
  const provider = providerOf(realPath, places);
  const own = places.own.get(realPath);
  return {
    soname,
    path: provider.kind === "output" ? (own?.path ?? basename(realPath)) : realPath,
    provider,
  };
}

/** One file of the report. @param loaded what the loader loads for it; empty where it was not asked */
export function assembleFile(
  file: ReadFile,
  loaded: LoadedLibrary[],
  archives: string[],
  places: Places,
): ReportFile {
  const { facts } = file;
  const closure = loaded.map((one) => library(one, places)).sort((a, b) => (a.soname < b.soname ? -1 : 1));
  const found = new Map(closure.map((one) => [one.soname, one]));
  const needed = [...new Set(facts.needed)].map((soname) => ({
    ...(found.get(soname) ?? { soname, path: null, provider: unresolved }),
    symbolVersions: [...(facts.versionsNeeded[soname] ?? [])].sort(),
  }));
  const statics: StaticLibrary[] = archives.map((archive) => ({
    archive,
    provider: providerOf(archive, places),
  }));
  return {
    output: file.output,
    path: file.path,
    type: facts.type,
    class: facts.class,
    machine: facts.machine,
    dynamic: facts.dynamic,
    buildId: facts.buildId,
    interpreter: facts.interpreter,
    soname: facts.soname,
    runpath: [...facts.rpath, ...facts.runpath],
    needed,
    dlopen: facts.dlopen,
    static: statics,
    closure,
  };
}
