/** Cuts a linkage report down to one archive, for an SBOM that goes into it. */
import { basename } from "node:path";
import { fileName } from "../../linkage/file-name.ts";
import type { Library, Problem, Provider, Report, ReportFile, ReportPackage } from "../../linkage/report.ts";

/** How a file has to do with a package: not at all, itself, or through a library that it needs. */
type Use = "none" | "itself" | "indirect";

/** What a file uses: packages by name and version, copies by their names. */
interface FileUses {
  needed: Set<string>;
  closure: Set<string>;
  static: Set<string>;
  copies: Set<string>;
}

function key(name: string | null, version: string | null): string {
  return `${name} ${version}`;
}

function keysOf(parts: { provider: Provider }[]): Set<string> {
  return new Set(parts.map(({ provider }) => key(provider.package, provider.version)));
}

/** Answers for each file and package of a report how one uses the other, from what was read once. */
export class Uses {
  readonly #uses: Map<ReportFile, FileUses>;

  constructor({ files, problems, allowed }: Report) {
    const bundled = new Map<string, Problem[]>();
    for (const one of [...problems, ...allowed]) {
      if (one.rule !== "bundled") continue;
      const ofFile = bundled.get(one.file);
      if (ofFile) ofFile.push(one);
      else bundled.set(one.file, [one]);
    }
    this.#uses = new Map(
      files.map((file) => {
        const said = bundled.get(fileName(file));
        // The soname of the system's library, which the copy may have changed, and its own names.
        const names = said ? [...said.map(({ soname }) => soname), file.soname, basename(file.path)] : [];
        return [
          file,
          {
            needed: keysOf(file.needed),
            closure: keysOf(file.closure),
            static: keysOf(file.static),
            copies: new Set(names.filter((name) => name !== null)),
          },
        ];
      }),
    );
  }

  of(entry: ReportPackage, file: ReportFile): Use {
    const uses = this.#uses.get(file);
    if (!uses) return "none";
    const wanted = key(entry.name, entry.version);
    if (entry.relation === "static") return uses.static.has(wanted) ? "itself" : "none";
    if (entry.relation === "bundled") {
      return entry.sonames.some((name) => uses.copies.has(name)) ? "itself" : "none";
    }
    if (uses.needed.has(wanted)) return "itself";
    return uses.closure.has(wanted) ? "indirect" : "none";
  }
}

/** The package as the files use it; null if they do not. */
function packageOf(entry: ReportPackage, files: ReportFile[], uses: Uses): ReportPackage | null {
  const found = files.map((file) => uses.of(entry, file));
  if (found.every((use) => use === "none")) return null;
  if (entry.relation !== "linked") return entry;
  const own = key(entry.name, entry.version);
  const needed = files.flatMap((file) =>
    file.needed.filter(({ provider }) => key(provider.package, provider.version) === own),
  );
  const sonames = [...new Set(needed.map(({ soname }) => soname))].sort();
  return { ...entry, direct: found.includes("itself"), sonames };
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
  const uses = new Uses(report);
  const files = report.files.filter((file) => inside.holds(file));
  const names = new Set(files.map(fileName));
  const problems = report.problems.filter(({ file }) => names.has(file));
  return {
    ...report,
    verdict: problems.length === 0 ? "pass" : "fail",
    problems: problems.map((one) => inside.problem(one)),
    allowed: report.allowed.filter(({ file }) => names.has(file)).map((one) => inside.problem(one)),
    files: files.map((file) => inside.file(file)),
    packages: report.packages.flatMap((entry) => packageOf(entry, files, uses) ?? []),
  };
}
