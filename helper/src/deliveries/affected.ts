/** Which deliveries a fix of a system package concerns, and whether the system's upgrade alone brings it. */
import { VoyagerError } from "../common/errors.ts";
import { versionComparison } from "../common/package-version.ts";
import type { Report, ReportPackage } from "../linkage/report.ts";
import type { Delivery } from "./delivery.ts";

/** What is asked: a package by the name of the binary or of the source package, perhaps with the fix. */
export interface Query {
  /** Names of binary or source packages. */
  packages: string[];
  /** Names of source packages only. */
  sources: string[];
  /** First version that has the fix; null: every version is taken to be affected. */
  fixed: string | null;
}

/**
 * "rebuild": it holds a copy without the fix, and must be built again. "upgrade": it links to the
 * system's, whose upgrade is enough. "fixed": it holds a copy, which has the fix. "not-linked": it
 * has nothing of the package. "unknown": that cannot be told.
 */
export type Outcome = "rebuild" | "upgrade" | "fixed" | "not-linked" | "unknown";

/** A package of a delivery that the query names. */
export interface Match {
  package: ReportPackage;
  /** The name of the query that it goes by, and as what. */
  by: { name: string; as: "binary" | "source" };
  /** All names of the query that it goes by. */
  names: Match["by"][];
  outcome: Exclude<Outcome, "not-linked">;
  why: string;
}

export interface Answer {
  path: string;
  /** Name of the system that it was built for; null where that is not known. */
  system: string | null;
  outcome: Outcome;
  matches: Match[];
  /** Why it is unknown, else null. */
  why: string | null;
}

const severity: Outcome[] = ["rebuild", "unknown", "upgrade", "fixed", "not-linked"];

/** What all deliveries together know of the names in a query. */
interface Knowledge {
  /** Source packages that binary packages of these names come from. */
  sources: Map<string, Set<string>>;
  /** Sonames that the matching packages provide, with the package. */
  sonames: Map<string, string>;
}

/**
 * Answers for each delivery. `sourcesOf` tells the source packages of binary packages that no
 * report has but the environments know: a static library is of another binary package (libssl-dev)
 * than the shared one (libssl3), and only the source package tells that they are one.
 */
export function answerAffected(
  deliveries: Delivery[],
  query: Query,
  sourcesOf: Map<string, Set<string>> = new Map(),
): Answer[] {
  const reports = deliveries.flatMap(({ report }) => report ?? []);
  const knowledge = gather(reports, query, sourcesOf);
  requireOneDistribution(reports, query, knowledge);
  return deliveries.map((delivery) => answerOf(delivery, query, knowledge));
}

/** The names of the query that nothing matches in any delivery. */
export function unmatched(answers: Answer[], { packages, sources }: Query): string[] {
  const matched = new Set(
    answers.flatMap(({ matches }) => matches.flatMap(({ names }) => names.map(({ name }) => name))),
  );
  return [...packages, ...sources].filter((name) => !matched.has(name));
}

function gather(reports: Report[], query: Query, sourcesOf: Map<string, Set<string>>): Knowledge {
  const sources = new Map(query.packages.map((name) => [name, new Set(sourcesOf.get(name))]));
  for (const report of reports) {
    for (const one of report.packages) sources.get(one.name)?.add(one.source);
  }
  const knowledge: Knowledge = { sources, sonames: new Map() };
  for (const report of reports) {
    for (const one of report.packages) {
      if (one.relation !== "linked" || namesOf(one, query, knowledge).length === 0) continue;
      for (const soname of one.sonames) knowledge.sonames.set(soname, one.name);
    }
  }
  return knowledge;
}

/** The names of the query by which a package goes. */
function namesOf(one: ReportPackage, query: Query, { sources }: Knowledge): Match["by"][] {
  const names: Match["by"][] = [];
  for (const name of query.packages) {
    // Of a static library one knows the -dev package, which is another than the shared library's.
    const copied = one.relation !== "linked" && sources.get(name)?.has(one.source);
    if (one.name === name) names.push({ name, as: "binary" });
    else if (one.source === name || copied) names.push({ name, as: "source" });
  }
  for (const name of query.sources) if (one.source === name) names.push({ name, as: "source" });
  return names;
}

/** Versions of two distributions do not compare: the one's fix has a number that the other never has. */
function requireOneDistribution(reports: Report[], query: Query, knowledge: Knowledge): void {
  if (query.fixed === null) return;
  const systems = new Map<string, string>();
  for (const { system, packages } of reports) {
    if (packages.every((one) => namesOf(one, query, knowledge).length === 0)) continue;
    systems.set(`${system.osRelease.ID} ${system.osRelease.VERSION_ID}`, system.name);
  }
  if (systems.size < 2) return;
  throw new VoyagerError("usage", "--fixed is a version of one distribution, and these are of several", {
    why: `found: ${[...systems.keys()].sort().join(", ")}`,
    remedy: `ask for each with the version that it has the fix in: --system ${[...systems.values()].sort()[0]} --fixed …`,
  });
}

function answerOf(delivery: Delivery, query: Query, knowledge: Knowledge): Answer {
  const { path, report, problem } = delivery;
  if (report === null) {
    const why = problem ?? "no report: built without nix-voyager, or by a version that wrote none";
    return { path, system: null, outcome: "unknown", matches: [], why };
  }
  const matches: Match[] = [];
  for (const one of report.packages) {
    const names = namesOf(one, query, knowledge);
    const [by] = names;
    if (by) matches.push({ package: one, by, names, ...judge(one, by, query.fixed, report) });
  }
  // A bundled copy is told already.
  const copied = matches.some((one) => one.package.relation === "bundled");
  const stray = copied ? null : strayLibrary(report, knowledge);
  const outcomes: Outcome[] = [...matches.map(({ outcome }) => outcome), stray ? "unknown" : "not-linked"];
  const outcome = severity.find((one) => outcomes.includes(one)) ?? "not-linked";
  return { path, system: report.system.name, outcome, matches, why: stray };
}

function judge(
  one: ReportPackage,
  by: Match["by"],
  fixed: string | null,
  report: Report,
): Pick<Match, "outcome" | "why"> {
  const compare = fixed === null ? null : versionComparison(report.system.osRelease);
  if (one.relation === "linked") {
    const sonames = one.sonames.length > 0 ? `, which must still have ${one.sonames.join(", ")}` : "";
    const least = one.minimumVersion;
    if (compare && fixed !== null && least !== null && compare(least, fixed) >= 0) {
      return { outcome: "upgrade", why: `needs ${one.name} ${least} or later, which has the fix` };
    }
    return { outcome: "upgrade", why: `links to the system's ${one.name}${sonames}` };
  }
  if (one.relation === "bundled") {
    // The version in the report is that of the system's package; whose version the copy is, no file says.
    return {
      outcome: "rebuild",
      why: `holds a copy of ${one.sonames.join(", ") || one.name}, of unknown version`,
    };
  }
  const version = by.as === "source" ? one.sourceVersion : one.version;
  if (compare && fixed !== null && compare(version, fixed) >= 0) {
    return { outcome: "fixed", why: `linked statically from ${one.name} ${version}, which has the fix` };
  }
  return { outcome: "rebuild", why: `linked statically from ${one.name} ${version}` };
}

/** A library by the package's soname that is not the system's package: whether it is patched, nobody knows. */
function strayLibrary(report: Report, { sonames }: Knowledge): string | null {
  for (const file of report.files) {
    for (const { soname, path, provider } of [...file.needed, ...file.closure]) {
      const name = sonames.get(soname);
      if (name === undefined || provider.package !== null) continue;
      return `${file.path} uses ${soname} of ${path ?? "nowhere"}, which is not ${name} of the system`;
    }
  }
  return null;
}
