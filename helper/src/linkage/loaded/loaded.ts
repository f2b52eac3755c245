/**
 * What the processes of a test loaded, beside what the linkage reports of the tested packages say.
 * It is written to `nix-support/loaded.json` of the test.
 *
 * No process ids and no times are in it, and no store path: a test run again gives the same bytes,
 * and does not keep the package alive.
 */
import * as v from "valibot";

/**
 * - "package": a file of the tested packages, of their Nix dependencies, or of pythonDependencies
 * - "reported": a library that a linkage report has
 * - "system": the system's own business: what its programs and their plug-ins load for themselves
 * - "test": a file that the test made
 * - "unreported": none of these; the package, or something on its behalf, loaded it
 */
export const statuses = ["package", "reported", "system", "test", "unreported"] as const;
export type Status = (typeof statuses)[number];

const library = v.object({
  /** Real path in the system; of a store path, what follows the hash: "libtally-1.2.0/lib/libtally.so.1". */
  path: v.string(),
  status: v.picklist(statuses),
  /** System package that owns the file; null: none. */
  package: v.nullable(v.string()),
  version: v.nullable(v.string()),
  source: v.nullable(v.string()),
  /**
   * "start": it came with a program; "open": it was asked for while the program ran (dlopen, ctypes, an
   * import of Python); "map": seen in /proc/PID/maps alone.
   */
  how: v.picklist(["start", "open", "map"]),
  /** Path of the library that was opened and needs this one; null where that is itself, or none was. */
  openedFor: v.nullable(v.string()),
  /** Programs in whose processes it has this status. */
  programs: v.array(v.string()),
});

export const loadedSchemaName = "voyager-loaded/1";
export const loadedSchema = v.object({
  schema: v.literal(loadedSchemaName),
  /** Name of the system that the test ran on. */
  system: v.string(),
  /** Names of what was tested. */
  packages: v.array(v.string()),
  /** How many linkage reports there were to compare with. */
  reports: v.number(),
  /** Programs that were run, real paths. */
  programs: v.array(v.string()),
  /** In order of path. */
  libraries: v.array(library),
});

export type Loaded = v.InferOutput<typeof loadedSchema>;
export type LoadedLibrary = v.InferOutput<typeof library>;
