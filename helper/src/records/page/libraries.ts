/** What a report says of libraries, in the words of the page. */
import type { Library, Provider, Report } from "../../linkage/report.ts";

/** What the page must know to name its rows, and to stay small. */
export interface PageContext {
  report: Report;
  /** Row of a package in the table of packages, by name. */
  packageRows: Map<string, number>;
  /** Packages of which the build holds a copy, by the soname of the copy. */
  bundled: Map<string, string>;
  /** Files with a problem, as problems name them. */
  troubled: Set<string>;
  /** Names of libraries and archives that problems speak of. */
  broken: Set<string | null>;
  /** The number of different libraries that the files load. */
  libraries: number;
}

/** How a library stands: "bad" breaks a rule, "noted" would, were it not allowed. */
export type Tone = "good" | "noted" | "bad";

export function pageContext(report: Report): PageContext {
  const packageRows = new Map<string, number>();
  const bundled = new Map<string, string>();
  for (const [row, one] of report.packages.entries()) {
    if (!packageRows.has(one.name)) packageRows.set(one.name, row);
    if (one.relation === "bundled") for (const soname of one.sonames) bundled.set(soname, one.name);
  }
  const troubled = new Set(report.problems.map(({ file }) => file));
  const broken = new Set(report.problems.map(({ soname }) => soname));
  return { report, packageRows, bundled, troubled, broken, libraries: countLibraries(report) };
}

/** One library, however many files need it. */
export function libraryKey({ soname, path, provider }: Library): string {
  return `${soname}\0${path}\0${provider.package}`;
}

/** Who provides it, where that is no package. */
export function providerWords({ kind }: Pick<Provider, "kind">): string {
  const words = {
    system: "no package",
    output: "this build",
    nix: "the Nix store",
    unresolved: "not found",
  };
  return words[kind];
}

/** What the rules say of a library. */
export function toneOf({ soname, provider }: Library, { broken, bundled }: PageContext): Tone {
  const { kind, package: owner } = provider;
  if (broken.has(soname)) return "bad";
  if (bundled.has(soname) || kind === "unresolved" || kind === "nix") return "noted";
  return kind === "system" && owner === null ? "noted" : "good";
}

/** The number of different libraries that the report's files load. */
function countLibraries(report: Report): number {
  const keys = new Set<string>();
  for (const { needed, closure } of report.files) {
    for (const one of needed) keys.add(libraryKey(one));
    for (const one of closure) keys.add(libraryKey(one));
  }
  return keys.size;
}

/** How a package's relation to the build is called. */
export const relationWords = {
  linked: "linked",
  static: "copied into it (static)",
  bundled: "bundled copy",
} as const;
