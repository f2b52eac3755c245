/** What an environment needs of a system's package manager; one implementation per manager. */
import type { VoyagerError } from "../common/errors.ts";
import type { System } from "../spec/spec.ts";
import type { EnvironmentRecord } from "./record.ts";

/** A file to be put into the container. */
export interface SetupFile {
  /** Path relative to the container's root. */
  path: string;
  content: string | Buffer;
  mode: number;
}

/** Folder in the container for what must not stay in the image: proxies, certificates. */
export const scratchFolder = "/run/nix-voyager";

/** Where packages are downloaded to, while an environment is made. */
export const archivesFolder = `${scratchFolder}/archives`;

export interface PackageManager {
  /** Configuration: repositories, keys, certificates, proxy. */
  files(system: System): SetupFile[];
  /**
   * Script (POSIX sh) that installs packages. `first`: this is the first layer on a base image, so
   * package lists are read anew and the base is brought up to date.
   */
  installScript(system: System, packages: string[], first: boolean): string;
  /** Script that writes the library index (see library-index.ts) into the image, as root. */
  indexScript(): string;
  /** Script that prints the record, in sections (see record.ts), after the installation. */
  recordScript(): string;
  parseRecord(output: string): EnvironmentRecord;
  /** Script that prints all package names, one a line, for near matches. */
  namesScript(): string;
  /**
   * Script that reads names of packages, one a line ("libc6", of another architecture "libc6:i386"),
   * and prints which version of each would be installed now.
   */
  candidatesScript: string;
  /** Name as it was asked for → version; a package that no repository has is not in it. */
  parseCandidates(output: string): Map<string, string>;
  /** Turns the output of an installation that failed into an error that tells the remedy. */
  explainFailure(system: System, output: string, names: () => Promise<string[]>): Promise<VoyagerError>;
}
