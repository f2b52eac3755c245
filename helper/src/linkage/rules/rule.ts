/** What every rule gets and gives. */
export { fileName as nameOf } from "../file-name.ts";

import type { Library, Problem, Provider, ReportFile } from "../report.ts";

/** What the loader said of one file beyond the libraries that it found. */
export interface LoaderFindings {
  /** The environment's loader for the file's class and machine; null when it has none. */
  loader: string | null;
  /** Sonames that it did not find, also those that a library needs. */
  missing: string[];
  /** Symbol versions that a library does not have; `neededBy` is the file that needs them. */
  missingVersions: { soname: string; version: string; neededBy: string }[];
  /** Why it could not read the file at all. */
  error: string | null;
}

/** All that rules look at. */
export interface Audited {
  files: ReportFile[];
  /** Findings for each file that the loader was asked about: the dynamic ones. */
  findings: Map<ReportFile, LoaderFindings>;
  /** Files and archives that cannot be read. */
  unreadable: { output: string; path: string; message: string }[];
  /** The Nix store's folder. */
  store: string;
  /** Store paths of the outputs. */
  outputs: string[];
  /** Machine of the system, as reports name it. */
  machine: string;
  /** Libraries of the system by soname, as the loader's cache has them. */
  systemLibraries: Map<string, { path: string; provider: Provider }>;
  /** Packages that systemRunDependencies leads to; null: they are not declared. */
  covered: Set<string> | null;
}

export type RuleCheck = (audited: Audited) => Problem[];

/** Whether a path lies in one of the folders, or is one. */
export function isBelow(path: string, folders: string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** All libraries that the loader loads for a file, its own needs included, each once. */
export function librariesOf(file: ReportFile): Library[] {
  const known = new Set(file.closure.map(({ soname }) => soname));
  return [...file.closure, ...file.needed.filter(({ soname }) => !known.has(soname))];
}
