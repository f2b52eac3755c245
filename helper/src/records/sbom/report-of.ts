/** Cuts a linkage report down to one archive, for an SBOM that goes into it. */
import { basename } from "node:path";
import { fileName } from "../../linkage/file-name.ts";
import type { Problem, Provider, Report, ReportFile, ReportPackage } from "../../linkage/report.ts";

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

/**
 * The part of a report that speaks of the files in one archive, with the packages that they use.
 * The least versions stay those of the whole report, which may ask for more than this part needs.
 *
 * @param archive output and path of the archive, as the report names them
 */
export function reportOf(report: Report, archive: Pick<ReportFile, "output" | "path">): Report {
  const files = report.files.filter(
    ({ output, path }) => output === archive.output && path.startsWith(`${archive.path}!/`),
  );
  const names = new Set([fileName(archive), ...files.map(fileName)]);
  const problems = report.problems.filter(({ file }) => names.has(file));
  return {
    ...report,
    verdict: problems.length === 0 ? "pass" : "fail",
    problems,
    allowed: report.allowed.filter(({ file }) => names.has(file)),
    files,
    packages: report.packages.flatMap((entry) => packageOf(entry, files, report) ?? []),
  };
}
