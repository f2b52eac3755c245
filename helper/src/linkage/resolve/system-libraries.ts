/** The environment's libraries and packages, as its library index has them. */
import { VoyagerError } from "../../common/errors.ts";
import { group } from "../../common/group.ts";
import type { PackageFormat } from "../../common/package-version.ts";
import { libraryIndexPath } from "../../environment/library-index.ts";
import { splitSections } from "../../environment/record.ts";
import type { Question } from "./ask.ts";

/** The package that owns a file. */
export interface Owner {
  package: string;
  arch: string;
  version: string;
  source: string;
  sourceVersion: string;
}

/** A package that is installed. */
export interface SystemPackage extends Owner {
  /** Its name in the package manager's own records. */
  key: string;
  essential: boolean;
  /** Each a list of alternatives, names without versions. */
  depends: string[][];
  provides: string[];
}

/** A library in the loader's cache. */
export interface CachedLibrary {
  soname: string;
  path: string;
  realPath: string;
  /** Of which kind and machine it is, in ldconfig's words: "libc6,x86-64". */
  flags: string;
}

/** Asks for the index. It is part of every environment. */
export const systemLibrariesQuestion: Question<SystemLibraries> = {
  script: `cat ${libraryIndexPath}`,
  read: (output) => new SystemLibraries(output),
};

export class SystemLibraries {
  readonly format: PackageFormat;
  /** Folder of the package manager's database. */
  readonly database: string;
  readonly #packages = new Map<string, SystemPackage>();
  /** Real path → key of the package. */
  readonly #owners = new Map<string, string>();
  readonly #sonames = new Map<string, CachedLibrary>();
  // These two are filled when they are first asked.
  #byName: Map<string, SystemPackage[]> | null = null;
  #byProvision: Map<string, SystemPackage[]> | null = null;
  readonly #provided: [path: string, key: string][] = [];

  /** @param index the index, whole. Throws when it is not. */
  constructor(index: string) {
    const sections = splitSections(index);
    const [format, database = ""] = [...rows(sections.format)][0] ?? [];
    if ((format !== "deb" && format !== "rpm") || sections.end === undefined) {
      throw new VoyagerError("environment", "the environment has no index of its libraries", {
        why: `${libraryIndexPath} is missing, or was not written to its end`,
        remedy: "remove the environment's image, so that it is made anew",
      });
    }
    this.format = format;
    this.database = database;
    for (const fields of rows(sections.packages)) this.#addPackage(fields);
    for (const [path = "", key = ""] of rows(sections.files)) {
      if (!this.#owners.has(path)) this.#owners.set(path, key);
    }
    for (const [soname = "", flags = "", path = "", realPath = ""] of rows(sections.cache)) {
      // The loader takes the first.
      if (!this.#sonames.has(soname)) this.#sonames.set(soname, { soname, flags, path, realPath });
    }
    for (const [path = "", key = ""] of rows(sections.provided)) this.#provided.push([path, key]);
  }

  /** The package that owns a file of the system; null when none does, or the index does not have it. */
  ownerOf(realPath: string): Owner | null {
    const owner = this.packageOf(realPath);
    if (owner === null) return null;
    const { arch, version, source, sourceVersion } = owner;
    return { package: owner.package, arch, version, source, sourceVersion };
  }

  /** The same with all that is known of the package. */
  packageOf(realPath: string): SystemPackage | null {
    const key = this.#owners.get(realPath);
    return key === undefined ? null : this.packageByKey(key);
  }

  /** A package by its key; without its architecture too, if there is only one of that name. */
  packageByKey(key: string): SystemPackage | null {
    const known = this.#packages.get(key);
    if (known) return known;
    this.#byName ??= group(this.packages().map((one) => [one.package, one]));
    const same = this.#byName.get(key.replace(/:.*/, ""));
    return same?.length === 1 ? (same[0] ?? null) : null;
  }

  /** Notes an owner that the package manager itself named; see confirm-owners.ts. */
  addOwner(realPath: string, key: string): void {
    this.#owners.set(realPath, key);
  }

  /** Libraries that the loader finds without further hints, by soname. */
  sonames(): ReadonlyMap<string, CachedLibrary> {
    return this.#sonames;
  }

  packages(): SystemPackage[] {
    return [...this.#packages.values()];
  }

  /**
   * Names of all packages that must be there when those are that are named (as
   * systemRunDependencies names them: also with a version or an architecture behind), and of the
   * essential ones, which always are. A name that is not installed leads to nothing.
   */
  leadsTo(names: Iterable<string>): Set<string> {
    const reached = new Set<string>();
    const queue = this.packages().filter(({ essential }) => essential);
    for (const name of names) queue.push(...this.#installed(plainName(name, this.format)));
    const seen = new Set(queue);
    for (let next = queue.pop(); next; next = queue.pop()) {
      reached.add(next.package);
      for (const dependency of next.depends.flat().flatMap((name) => this.#installed(name))) {
        if (seen.has(dependency)) continue;
        seen.add(dependency);
        queue.push(dependency);
      }
    }
    return reached;
  }

  /** Installed packages of a name, or that provide it. */
  #installed(name: string): SystemPackage[] {
    this.#byProvision ??= this.#provisions();
    return this.#byProvision.get(name) ?? [];
  }

  #provisions(): Map<string, SystemPackage[]> {
    const provisions = new Map<string, SystemPackage[]>();
    const provide = (name: string, entry: SystemPackage) => {
      const known = provisions.get(name);
      if (!known) provisions.set(name, [entry]);
      else if (!known.includes(entry)) known.push(entry);
    };
    for (const entry of this.#packages.values()) {
      for (const word of [entry.package, ...entry.provides]) provide(word, entry);
    }
    for (const [path, key] of this.#provided) {
      const owner = this.#packages.get(key);
      if (owner) provide(path, owner);
    }
    return provisions;
  }

  #addPackage(fields: string[]): void {
    const [key = "", name = "", arch = "", version = "", source = "", sourceVersion = ""] = fields;
    const [essential, depends = "", provides = ""] = fields.slice(6);
    const { format } = this;
    this.#packages.set(key, {
      key,
      package: name,
      arch,
      version,
      source,
      sourceVersion,
      essential: essential === "yes",
      // Read only when they are asked for: that takes longer than all the rest.
      get depends() {
        return readRelations(depends, format);
      },
      get provides() {
        return readRelations(provides, format).flat();
      },
    });
  }
}

function* rows(section: string | undefined): Generator<string[]> {
  for (const line of (section ?? "").split("\n")) if (line !== "") yield line.split("\t");
}

/**
 * Names in a list of relations, versions left out: what is installed was checked by the package
 * manager. deb: "a (>= 1), b:any | c"; rpm: capabilities, whose parentheses belong to their names,
 * and rich dependencies, "(a or b)", of which any name counts.
 */
function readRelations(text: string, format: PackageFormat): string[][] {
  return text
    .split(",")
    .map((relation) => relation.trim())
    .filter((relation) => relation !== "")
    .map((relation) => {
      if (format === "deb") return relation.split("|").map((one) => plainName(one, format));
      return relation.startsWith("(") ? relation.slice(1, -1).split(/\s+/) : [relation];
    });
}

/** "libfoo:amd64 (>= 1)", "libfoo=1", "libfoo/bookworm" → "libfoo". */
function plainName(text: string, format: PackageFormat): string {
  const pattern = format === "deb" ? /^\s*([^\s:(=/]+)/ : /^\s*(\S+)/;
  return pattern.exec(text)?.[1] ?? "";
}
