/** `voyager affected`: what a fix of a system package means for each delivery. */
import { failureKinds, VoyagerError } from "../common/errors.ts";
import { writeToStderr, writeToStdout } from "../common/log.ts";
import { nearest } from "../common/nearest.ts";
import { formatTable } from "../common/table.ts";
import { count, visible } from "../common/text.ts";
import { type Answer, answerAffected, type Outcome, type Query, unmatched } from "../deliveries/affected.ts";
import { damagedRecords } from "../deliveries/damaged.ts";
import { type Delivery, environmentOf } from "../deliveries/delivery.ts";
import { findDeliveries, type Places } from "../deliveries/find.ts";

export interface AffectedOptions extends Places, Query {
  /** Name of the one system whose deliveries are asked for. */
  system?: string | undefined;
  json: boolean;
}

const words: Record<Outcome, string> = {
  rebuild: "must be built again",
  unknown: "unknown",
  upgrade: "patched by the system upgrade alone",
  fixed: "not affected",
  "not-linked": "not affected",
};

/** Prints the answers. Resolves with the exit code, see docs/administrators.md. */
export async function affected(options: AffectedOptions): Promise<number> {
  if (options.packages.length + options.sources.length === 0) {
    throw new VoyagerError("usage", "it is not said which package", {
      remedy: "name it: --package libssl3, or --source openssl",
    });
  }
  if (options.fixed !== null && !/^[0-9][A-Za-z0-9.+:~^_-]*$/.test(options.fixed)) {
    throw new VoyagerError("usage", `'${options.fixed}' is no version of a package`, {
      remedy: "write it as the security tracker does: --fixed 3.0.22-1~deb12u2",
    });
  }
  const { deliveries: all, without } = await findDeliveries(options);
  const deliveries = all.filter(
    ({ report }) => options.system === undefined || report === null || report.system.name === options.system,
  );
  const known = await knownSources(deliveries, options);
  const answers = answerAffected(deliveries, options, known.sources);
  const missing = unmatched(answers, options);
  if (options.json) printJson(answers, missing, without, options);
  else {
    const isNothingKnown = missing.length === options.packages.length + options.sources.length;
    printTable(answers, without, all.length - deliveries.length, isNothingKnown);
  }
  if (missing.length > 0) warnOf(missing, known.names, deliveries);
  const damaged = damagedRecords(deliveries);
  if (damaged) throw damaged;
  return exitCode(answers, missing);
}

/** First what needs work, then what is not known, then typing errors: none of them is "not affected". */
function exitCode(answers: Answer[], missing: string[]): number {
  const has = (outcome: Outcome) => answers.some((one) => one.outcome === outcome);
  if (has("rebuild")) return failureKinds.affected.exitCode;
  if (has("unknown")) return failureKinds.unknown.exitCode;
  return missing.length > 0 ? failureKinds["not-linked"].exitCode : 0;
}

interface Known {
  /** Source packages of the binary packages that are asked for. */
  sources: Map<string, Set<string>>;
  names: Set<string>;
}

/**
 * What the environments of the deliveries know of names that no report links to. They are many and
 * long, so they are read only where the reports leave a name open.
 */
async function knownSources(deliveries: Delivery[], { packages, sources }: Query): Promise<Known> {
  const known: Known = { sources: new Map(), names: new Set() };
  const linked = deliveries.flatMap(({ report }) => report?.packages ?? []);
  for (const { name, source } of linked) known.names.add(name).add(source);
  if ([...packages, ...sources].every((name) => known.names.has(name))) return known;
  for (const delivery of deliveries) {
    const environment = await environmentOf(delivery).catch(() => null);
    for (const { name, source } of environment?.packages ?? []) {
      known.names.add(name);
      if (source === undefined) continue;
      known.names.add(source);
      if (!packages.includes(name)) continue;
      known.sources.set(name, (known.sources.get(name) ?? new Set()).add(source));
    }
  }
  return known;
}

function warnOf(missing: string[], names: Set<string>, deliveries: Delivery[]): void {
  for (const name of missing) {
    const where = names.has(name) ? ", though the environments that they were built in had it" : "";
    const hint = names.has(name) ? "" : hintOf(name, names, deliveries);
    writeToStderr(
      `nix-voyager: warning: none of ${count(deliveries.length, "delivery", "deliveries")} links to a package '${visible(name)}'${where}${hint}\n`,
    );
  }
}

/** What may have been meant by a name that is no package's: the package of a library, or a name like it. */
function hintOf(name: string, names: Set<string>, deliveries: Delivery[]): string {
  const packages = deliveries.flatMap(({ report }) => report?.packages ?? []);
  const isLibrary = (soname: string) =>
    soname === name || `${soname}.`.startsWith(`${name.replace(/\.so$/, "")}.so.`);
  const holders = new Set(packages.filter(({ sonames }) => sonames.some(isLibrary)).map((one) => one.name));
  if (holders.size > 0) {
    return `; that names a library: ask for ${[...holders].map((one) => `--package ${visible(one)}`).join(" ")}`;
  }
  const near = nearest(name, names).filter((one) => one !== name);
  return near.length === 0 ? "" : `; did you mean ${near.map(visible).join(", ")}?`;
}

function printJson(answers: Answer[], missing: string[], without: number, query: Query): void {
  const result = {
    packages: query.packages,
    sources: query.sources,
    fixed: query.fixed,
    notLinked: missing,
    otherPaths: without,
    deliveries: answers.map(({ path, system, outcome, why, matches }) => ({
      path,
      system,
      outcome,
      why,
      packages: matches.map(({ package: one, by, outcome, why }) => ({
        name: one.name,
        source: one.source,
        matched: by.as,
        relation: one.relation,
        builtWith: one.version,
        minimumVersion: one.minimumVersion,
        sonames: one.sonames,
        outcome,
        why,
      })),
    })),
  };
  writeToStdout(`${JSON.stringify(result, null, 2)}\n`);
}

/** @param isNothingKnown whether no delivery knows any of the names: then nobody should read that all is well */
function printTable(answers: Answer[], without: number, left: number, isNothingKnown: boolean): void {
  const order = Object.keys(words) as Outcome[];
  const rows = order.flatMap((outcome) =>
    answers.filter((one) => one.outcome === outcome && outcome !== "not-linked").flatMap(rowsOf),
  );
  if (rows.length > 0) {
    const header = ["delivery", "answer", "package", "built with", "least", "why"];
    writeToStdout(formatTable(header, rows));
  }
  const sums = order.flatMap((outcome) => {
    const number = answers.filter((one) => one.outcome === outcome).length;
    return number > 0 && outcome !== "fixed" && outcome !== "not-linked"
      ? [`${number} ${words[outcome]}`]
      : [];
  });
  const fine = answers.filter(({ outcome }) => outcome === "fixed" || outcome === "not-linked").length;
  if (fine > 0 || sums.length === 0) {
    sums.push(isNothingKnown ? `${fine} without a link to anything of that name` : `${fine} not affected`);
  }
  writeToStdout(`${count(answers.length, "delivery", "deliveries")}: ${sums.join(", ")}\n`);
  if (without > 0) writeToStdout(`${count(without, "other path")} without a record of nix-voyager\n`);
  if (left > 0) writeToStdout(`${count(left, "delivery", "deliveries")} of other systems left out\n`);
}

function rowsOf({ path, outcome, matches, why }: Answer): string[][] {
  const rows = matches.map((match) => [
    visible(path),
    words[match.outcome],
    `${match.package.name}${match.package.source === match.package.name ? "" : ` (${match.package.source})`}`,
    match.package.version,
    match.package.minimumVersion ?? "-",
    match.why,
  ]);
  if (why !== null) rows.push([path, words[outcome === "unknown" ? outcome : "unknown"], "-", "-", "-", why]);
  return rows.map((row) => row.map(visible));
}
