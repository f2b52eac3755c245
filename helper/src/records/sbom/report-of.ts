/** Cuts a linkage report down to one archive, for an SBOM that goes into it. */
import { basename } from "node:path";
import { fileName } from "../../linkage/file-name.ts";
import type { Library, Problem, Provider, Report, ReportFile, ReportPackage } from "../../linkage/report.ts";

/** Names under which a file may be known as a copy of a library of the system. */
function namesOfCopy(file: ReportFile, found: Problem[]): string[] {
  const said = found.filter(({ rule, file: name }) => rule === "bundled" && name === fileName(file));
  if (said.length === 0) return [];
  return [...said.map(({ soname }) => soname), file.soname, basename(file.path)].filter(
    (name) => name !== null,
  );
}

function owns(entry: ReportPackage, { package: name, version }: Provider): boolean {
  return name === entry.name && version === entry.version;
}

/** How a file has to do with a package: not at all, itself, or through a library that it needs. */
export function useOf(
  entry: ReportPackage,
  file: ReportFile,
  report: Report,
): "none" | "itself" | "indirect" {
  if (entry.relation === "static") {
    return file.static.some(({ provider }) => owns(entry, provider)) ? "itself" : "none";
  }
  if (entry.relation === "bundled") {
    const names = namesOfCopy(file, [...report.problems, ...report.allowed]);
    return names.some((name) => entry.sonames.includes(name)) ? "itself" : "none";
  }
  if (file.needed.some(({ provider }) => owns(entry, provider))) return "itself";
  return file.closure.some(({ provider }) => owns(entry, provider)) ? "indirect" : "none";
}

/** The package as the files use it; null if they do not. */
function packageOf(entry: ReportPackage, files: ReportFile[], report: Report): ReportPackage | null {
  const uses = files.map((file) => useOf(entry, file, report));
  if (uses.every((use) => use === "none")) return null;
  if (entry.relation !== "linked") return entry;
  const needed = files.flatMap((file) => file.needed.filter(({ provider }) => owns(entry, provider)));
  const sonames = [...new Set(needed.map(({ soname }) => soname))].sort();
  return { ...entry, direct: uses.includes("itself"), sonames };
}

/** Names as seen from inside of an archive: without its own in front. */
class Inside {
  constructor(readonly archive: Pick<ReportFile, "output" | "path">) {}

  get prefix(): string {
    return `${this.archive.path}!/`;
  }

  holds({ output, path }: Pick<ReportFile, "output" | "path">): boolean {
    return output === this.archive.output && path.startsWith(this.prefix);
  }

  #library<L extends Library>(library: L): L {
    if (library.provider.kind !== "output" || !library.path?.startsWith(this.prefix)) return library;
    return { ...library, path: library.path.slice(this.prefix.length) };
  }

  file(file: ReportFile): ReportFile {
    return {
      ...file,
      output: "out",
      path: file.path.slice(this.prefix.length),
      needed: file.needed.map((one) => this.#library(one)),
      closure: file.closure.map((one) => this.#library(one)),
    };
  }

  problem<P extends Problem>(problem: P): P {
    const from = fileName({ output: this.archive.output, path: this.prefix });
    return { ...problem, file: problem.file.slice(from.length) };
  }
}

/**
 * The part of a report that speaks of the files in one archive, with the packages that they use, and
 * with names as seen from inside of it. The least versions stay those of the whole report, which may
 * ask for more than this part needs.
 *
 * @param archive output and path of the archive, as the report names them
 */
export function reportOf(report: Report, archive: Pick<ReportFile, "output" | "path">): Report {
  const inside = new Inside(archive);
  const files = report.files.filter((file) => inside.holds(file));
  const names = new Set(files.map(fileName));
  const problems = report.problems.filter(({ file }) => names.has(file));
  return {
    ...report,
    verdict: problems.length === 0 ? "pass" : "fail",
    problems: problems.map((one) => inside.problem(one)),
    allowed: report.allowed.filter(({ file }) => names.has(file)).map((one) => inside.problem(one)),
    files: files.map((file) => inside.file(file)),
    packages: report.packages.flatMap((entry) => packageOf(entry, files, report) ?? []),
  };
}
