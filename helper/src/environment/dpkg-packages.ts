/** The list of installed packages, as dpkg-query prints it for us. */

/** A package as dpkg's database has it. */
export interface DpkgPackage {
  name: string;
  version: string;
  arch: string;
  source: string;
  sourceVersion: string;
}

/** Reads lines of "status, name, version, architecture, source, source version", separated by tabs. */
export function parseDpkgPackages(text: string): DpkgPackage[] {
  return (
    text
      .split("\n")
      .map((line) => line.split("\t"))
      // The second letter is what is; the first, what is wanted: "hi" is a package on hold.
      .filter(([status]) => status?.[1] === "i")
      .map(([, name = "", version = "", arch = "", source = "", sourceVersion = ""]) => ({
        name,
        version,
        arch,
        source,
        sourceVersion,
      }))
  );
}
