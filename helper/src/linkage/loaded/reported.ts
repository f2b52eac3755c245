/** What linkage reports say that packages load. */
import { basename } from "node:path";
import type { Report } from "../report.ts";

export class Reported {
  /** Soname → real paths; none where the report names no file, as for what a file may open. */
  readonly #libraries = new Map<string, Set<string>>();
  readonly #paths = new Set<string>();
  readonly #programs = new Set<string>();

  /** @param sameSystem whether what is compared ran on the system that the reports are about */
  constructor(
    reports: Report[],
    private readonly sameSystem: boolean,
  ) {
    for (const file of reports.flatMap(({ files }) => files)) {
      if (file.type === "executable") this.#programs.add(basename(file.path));
      for (const { soname, path } of [...file.needed, ...file.closure]) this.#add(soname, path);
      if (file.interpreter) this.#add(basename(file.interpreter), null);
      for (const soname of file.dlopen.flatMap(({ sonames }) => sonames)) this.#add(soname, null);
    }
  }

  #add(soname: string, path: string | null): void {
    const paths = this.#libraries.get(soname) ?? new Set();
    this.#libraries.set(soname, paths);
    if (path === null) return;
    paths.add(path);
    this.#paths.add(path);
  }

  /**
   * Whether a report has the library. In the system that it is about, a file of the same soname that
   * lies elsewhere is another library; in another system files have other names, and a soname must do.
   *
   * @param real its real path
   * @param name the path that the loader opened; null where that is not known
   */
  has(real: string, name: string | null): boolean {
    if (this.#paths.has(real)) return true;
    const known = this.#libraries.get(basename(name ?? real)) ?? this.#libraries.get(basename(real));
    return known !== undefined && (known.size === 0 || !this.sameSystem);
  }

  /** Whether a package has a program of that name. */
  hasProgram(name: string): boolean {
    return this.#programs.has(basename(name));
  }
}
