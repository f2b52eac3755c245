/** `voyager stale`: what was built with packages of which the repositories have newer versions now. */
import { failureKinds, messageOf, VoyagerError } from "../common/errors.ts";
import { type Log, writeToStdout } from "../common/log.ts";
import { formatTable } from "../common/table.ts";
import { count, visible } from "../common/text.ts";
import { damagedRecords } from "../deliveries/damaged.ts";
import { type Delivery, type DeliveryEnvironment, environmentOf } from "../deliveries/delivery.ts";
import { findDeliveries, type Places } from "../deliveries/find.ts";
import {
  askedName,
  isStale,
  type Moved,
  type MovedPackage,
  movedPackages,
  nativeArchitecture,
} from "../deliveries/stale.ts";
import type { Engine } from "../engine/engine.ts";
import { candidateVersions } from "../environment/candidates.ts";
import { readSystem } from "../spec/systems.ts";

export interface StaleOptions extends Places {
  /** JSON file with the systems, or one system; undefined: those of nix-voyager. */
  file?: string | undefined;
  /** Whether packages are shown that were only there while it was built. */
  all: boolean;
  json: boolean;
}

type State = "stale" | "current" | "unknown";

interface Row extends Moved {
  path: string;
  system: string | null;
  state: State;
  why: string | null;
}

interface Opened {
  delivery: Delivery;
  environment: DeliveryEnvironment | null;
  /** Why there is none. */
  why: string;
}

/** Prints what has moved. Resolves with the exit code, see docs/administrators.md. */
export async function stale(engine: Engine, options: StaleOptions, log: Log): Promise<number> {
  const { deliveries, without } = await findDeliveries(options);
  const opened: Opened[] = [];
  for (const delivery of deliveries) opened.push(await openEnvironment(delivery));
  const candidates = await askRepositories(engine, opened, options.file, log);
  const rows = opened.map((one) => rowOf(one, candidates));
  if (options.json) {
    writeToStdout(`${JSON.stringify({ otherPaths: without, deliveries: rows }, null, 2)}\n`);
  } else print(rows, without, options.all);
  const damaged = damagedRecords(deliveries);
  if (damaged) throw damaged;
  if (rows.some(({ state }) => state === "stale")) return failureKinds.stale.exitCode;
  return rows.some(({ state }) => state === "unknown") ? failureKinds.unknown.exitCode : 0;
}

async function openEnvironment(delivery: Delivery): Promise<Opened> {
  try {
    const environment = await environmentOf(delivery);
    return { delivery, environment, why: "no record of the environment that it was built in" };
  } catch (error) {
    return { delivery, environment: null, why: messageOf(error) };
  }
}

/** System → versions that its repositories have; or why they cannot be asked. */
type Candidates = Map<string, Map<string, string> | string>;

/** Asks each system's repositories once, for all packages of all deliveries together. */
async function askRepositories(
  engine: Engine,
  opened: Opened[],
  file: string | undefined,
  log: Log,
): Promise<Candidates> {
  const names = new Map<string, Set<string>>();
  for (const { environment } of opened) {
    if (environment === null) continue;
    const native = nativeArchitecture(environment);
    const wanted = names.get(environment.system) ?? new Set();
    for (const one of environment.packages) wanted.add(askedName(one, native));
    names.set(environment.system, wanted);
  }
  const candidates: Candidates = new Map();
  for (const [name, wanted] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const system = systemNamed(name, file);
    candidates.set(
      name,
      typeof system === "string" ? system : await candidateVersions(engine, system, [...wanted].sort(), log),
    );
  }
  return candidates;
}

/** The definition of a system; or why there is none for deliveries that name one that is not known here. */
function systemNamed(name: string, file: string | undefined): ReturnType<typeof readSystem> | string {
  const remedy = `there is no definition of its system '${name}'; give one: --file systems.json`;
  try {
    const system = readSystem(name, file);
    return system.name === name ? system : remedy;
  } catch (error) {
    // A file that cannot be read is no answer to any question.
    if (error instanceof VoyagerError && error.what.startsWith("there is no system")) return remedy;
    throw error;
  }
}

function rowOf({ delivery, environment, why }: Opened, candidates: Candidates): Row {
  const { path, report } = delivery;
  const unknown = { path, newer: [], gone: [], state: "unknown" as const };
  if (environment === null) return { ...unknown, system: null, why };
  const versions = candidates.get(environment.system) ?? "its system was not asked";
  if (typeof versions === "string") return { ...unknown, system: environment.system, why: versions };
  const moved = movedPackages(environment, report, versions);
  const state = isStale(moved) ? ("stale" as const) : ("current" as const);
  return { path, system: environment.system, ...moved, state, why: null };
}

const relations = {
  linked: "linked: the system upgrade patches it",
  static: "linked statically: build it again",
  bundled: "bundled: build it again",
};

function relationOf({ relation, direct }: MovedPackage): string {
  if (relation === null) return "only there while it was built";
  return relation === "linked" && !direct
    ? `${relations.linked} (by way of another library)`
    : relations[relation];
}

function print(rows: Row[], without: number, all: boolean): void {
  const table: string[][] = [];
  for (const { path, newer, gone, state, why } of rows) {
    const shown = newer.filter(({ relation }) => all || relation !== null);
    for (const one of shown) {
      table.push([path, one.name, one.builtWith, one.now ?? "-", relationOf(one)]);
    }
    const rest = newer.length - shown.length;
    if (rest > 0) table.push([path, `${rest} more`, "-", "-", "only there while it was built"]);
    for (const { name, builtWith, relation } of gone) {
      if (relation !== null)
        table.push([path, name, builtWith, "-", `${relation}: no repository has it now`]);
    }
    const others = gone.filter(({ relation }) => relation === null).map(({ name }) => name);
    if (others.length > 0 && all) table.push([path, others.join(" "), "-", "-", "no repository has it now"]);
    if (state === "unknown") table.push([path, "-", "-", "-", `unknown: ${why}`]);
  }
  if (table.length > 0) {
    const header = ["delivery", "package", "built with", "now", "relation"];
    writeToStdout(
      formatTable(
        header,
        table.map((row) => row.map(visible)),
      ),
    );
  }
  const number = (state: State) => rows.filter((one) => one.state === state).length;
  writeToStdout(
    `${count(rows.length, "delivery", "deliveries")}: ${number("stale")} built with older packages, ${number("current")} with those of now, ${number("unknown")} unknown\n`,
  );
  if (without > 0) writeToStdout(`${count(without, "other path")} without a record of nix-voyager\n`);
}
