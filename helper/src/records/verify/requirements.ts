/** What a report says that the target must have: each thing once, however many files need it. */
import type { Dlopen, Needed, Report, ReportFile, ReportPackage } from "../../linkage/report.ts";

/** A library that must be found, and the symbol versions that it must define. */
export interface NeededLibrary {
  soname: string;
  machine: string;
  class: 32 | 64;
  /** The system package that had it where it was built. */
  package: string | null;
  minimumVersion: string | null;
  /** Folders in which the files that need it look first. */
  runpath: string[];
  symbolVersions: string[];
}

/** One of the sonames must be there, or should, for a feature. */
export interface LoadedLibrary {
  feature: string;
  required: boolean;
  machine: string;
  class: 32 | 64;
  sonames: string[];
}

export interface Requirements {
  architectures: { machine: string; class: 32 | 64 }[];
  loaders: { path: string; machine: string; class: 32 | 64; package: string | null }[];
  libraries: NeededLibrary[];
  /** Libraries of other store paths. */
  nix: { soname: string; path: string }[];
  loaded: LoadedLibrary[];
  /** Names of the system packages that are linked to. */
  packages: string[];
}

/** A file below a store, whose folder's name begins with a hash; such folders hold no system library. */
const inStore = /\/[0-9a-z]{32}-/;

/**
 * Gathers what the files of a report need of the target, in an order that does not depend on that
 * of the files. Libraries that only other libraries need are left out: which ones, the target's own
 * version of the library decides.
 */
export function requirementsOf(report: Report): Requirements {
  const linked = new Map(
    report.packages.filter(({ relation }) => relation === "linked").map((one) => [one.name, one]),
  );
  const libraries = new Map<string, NeededLibrary>();
  const nix = new Map<string, { soname: string; path: string }>();
  const loaded = new Map<string, LoadedLibrary>();
  const loaders = new Map<string, Requirements["loaders"][number]>();
  const architectures = new Map<string, Requirements["architectures"][number]>();
  for (const file of report.files.filter(({ dynamic, type }) => dynamic || type === "executable")) {
    const { machine, class: bits } = file;
    architectures.set(`${machine} ${bits}`, { machine, class: bits });
    addLoader(loaders, file);
    for (const needed of file.needed) {
      if (needed.provider.kind === "output") continue; // it comes with the delivery
      if (needed.provider.kind === "nix" && needed.path !== null) {
        nix.set(needed.path, { soname: needed.soname, path: needed.path });
      } else addLibrary(libraries, file, needed, linked);
    }
    for (const note of file.dlopen) addLoaded(loaded, file, note);
  }
  const packages = [...libraries.values()].flatMap((one) => one.package ?? []);
  return {
    architectures: sorted(architectures),
    loaders: sorted(loaders),
    libraries: sorted(libraries),
    nix: sorted(nix),
    loaded: sorted(loaded),
    packages: [...new Set(packages)].sort(),
  };
}

function sorted<T>(map: Map<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value);
}

function addLoader(loaders: Map<string, Requirements["loaders"][number]>, file: ReportFile): void {
  const path = file.interpreter;
  if (path === null) return;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const library = [...file.needed, ...file.closure].find(({ soname }) => soname === name);
  // The loader comes with the C library, which every program that has one needs.
  const libc = file.needed.find(({ soname }) => soname.startsWith("libc.so."));
  const owner = library?.provider.package ?? libc?.provider.package ?? null;
  const known = loaders.get(path)?.package ?? null;
  loaders.set(path, { path, machine: file.machine, class: file.class, package: known ?? owner });
}

function addLibrary(
  libraries: Map<string, NeededLibrary>,
  file: ReportFile,
  needed: Needed,
  linked: Map<string, ReportPackage>,
): void {
  const runpath = file.runpath.filter((folder) => folder.startsWith("/") && !inStore.test(`${folder}/`));
  const name = needed.provider.package;
  const key = [needed.soname, file.machine, file.class, ...runpath].join("\0");
  const before = libraries.get(key)?.symbolVersions ?? [];
  libraries.set(key, {
    soname: needed.soname,
    machine: file.machine,
    class: file.class,
    package: name ?? libraries.get(key)?.package ?? null,
    minimumVersion: (name && linked.get(name)?.minimumVersion) || null,
    runpath,
    symbolVersions: [...new Set([...before, ...needed.symbolVersions])].sort(),
  });
}

function addLoaded(loaded: Map<string, LoadedLibrary>, file: ReportFile, note: Dlopen): void {
  if (note.sonames.length === 0) return;
  // What the specification says of a note without a priority.
  const required = note.priority === "required";
  const feature = note.feature ?? note.description ?? "no feature named";
  const { machine, class: bits } = file;
  const key = [feature, required, machine, bits, ...note.sonames].join("\0");
  loaded.set(key, { feature, required, machine, class: bits, sonames: note.sonames });
}
