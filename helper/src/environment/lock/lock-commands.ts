/** What a system lock needs of a system's package manager; one implementation per manager. */
import type { System } from "../../spec/spec.ts";

/** An installed package, and where it came from. */
export interface InstalledPackage {
  name: string;
  version: string;
  arch: string;
  source: string;
  sourceVersion: string;
}

/** A version of a package that a repository has now. */
export interface AvailablePackage {
  name: string;
  version: string;
  arch: string;
  file: string;
  size: number;
  sha256: string;
}

/** All scripts are POSIX sh, run as root; those that read names or files read them from standard input. */
export interface LockCommands {
  /** Prepares a base image: the system's own script, and with `update` fresh package lists. */
  startScript(system: System, update: boolean): string;
  /** Prints what the packages whose names it reads (one a line) are known by in the package lists. */
  availableScript: string;
  parseAvailable(output: string): AvailablePackage[];
  /** Prints what is installed, and from which repositories, while the package lists are there. */
  installedScript: string;
  parseInstalled(output: string): {
    architecture: string;
    packages: InstalledPackage[];
    /** The repository (see lock-file.ts) of each version: "name:arch=version" → repository. */
    repositories: Map<string, string>;
  };
  /** How the package manager is told of an exact version; one of the machine's own architecture needs no mark. */
  exactVersion(one: { name: string; version: string; arch: string }): string;
  /** Reads exact versions and downloads their files into `folder`. */
  downloadScript(system: System, folder: string): string;
  /** The name that a downloaded file has, whatever is in it. */
  downloadedName(one: { name: string; version: string; arch: string }): string;
  /** Installs all files of the folder, whatever their versions are, then removes packages (name:arch). */
  installFilesScript(system: System, folder: string, remove: string[]): string;
}
