/**
 * Environments: a system plus packages, as a cached image.
 *
 * An image is named by the hash of all that determines it. It grows from the largest environment
 * of the same system that is fresh and has none but wanted packages, so layers are shared. The
 * lock that makes an environment once is the name of the container that makes it: it holds for
 * every process that uses the engine, and ends with the process that took it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../common/errors.ts";
import { keyOf } from "../common/hash.ts";
import { announcePhase, type Log, secondsSince } from "../common/log.ts";
import { Claim } from "../engine/claim.ts";
import { type Engine, type Image, ImageMissing, type RunningContainer } from "../engine/engine.ts";
import type { Spec, System } from "../spec/spec.ts";
import { apt } from "./apt.ts";
import { requireBaseImage } from "./base-image.ts";
import { packageManagerContainer } from "./container-request.ts";
import { keptPackages } from "./kept-packages.ts";
import { environmentTag, isOurs, labels } from "./labels.ts";
import type { Locked } from "./lock/install.ts";
import type { PackageManager } from "./package-manager.ts";
import { type EnvironmentRecord, parseRecord } from "./record.ts";

/** An environment that builds can run in. */
export interface Environment {
  image: string;
  /** Packages that were asked for. */
  requested: string[];
  record: EnvironmentRecord;
}

/** What is asked for. */
export interface EnvironmentRequest {
  system: System;
  /** Sets of packages, each a layer on those before it. */
  layers: string[][];
  /** Seconds that the package lists behind it may be old. */
  maxAge: number;
  /** The system lock that it must follow, whatever `maxAge` is; null: the repositories' newest. */
  lock?: Spec["environment"]["lock"];
}

/** Changes when environments are made in a way that older ones must not be used for. */
const environmentFormat = 4;
/** overlay2 takes 128 layers; this leaves room for those of the base image. */
const maximumDepth = 30;
/** Milliseconds by which two clocks may differ. */
const clockTolerance = 60_000;
/** Milliseconds between two looks at a lock whose container does not run. */
const pollInterval = 300;

export const packageManagers: Record<System["packageManager"], PackageManager> = { apt };

/** What is looked for. */
interface Wanted {
  engine: Engine;
  log: Log;
  system: System;
  systemKey: string;
  maxAge: number;
  askedAt: number;
  locked: Locked | null;
}

/** Everything that one search for an environment carries along, which may have to make it. */
interface Search extends Wanted {
  base: Image;
}

function systemKeyOf(system: System, base: Image): string {
  return keyOf({ format: environmentFormat, system, base: base.id });
}

/** Whether an environment, of no lock, has this system and base image in its name. */
export function isKeyedBy(image: Image, system: System, base: Image): boolean {
  return image.labels[labels.systemKey] === systemKeyOf(system, base);
}

/** The environment that is asked for, made if there is no fresh one. */
export async function ensureEnvironment(
  engine: Engine,
  request: EnvironmentRequest,
  log: Log,
): Promise<Environment> {
  const { system, maxAge } = request;
  if (request.lock) {
    const { openLock } = await import("./lock/install.ts");
    return ensureLocked(engine, request, openLock(system, request.lock), log);
  }
  const askedAt = Date.now();
  const base = await requireBaseImage(engine, system, log);
  const systemKey = systemKeyOf(system, base);
  const search: Search = { engine, log, system, systemKey, base, maxAge, askedAt, locked: null };

  const whole = [...new Set(request.layers.flat())].sort();
  const existing = await freshImage(search, whole);
  if (existing) return reused(search, existing, whole);

  // Layers below the last are made on their own, so that the next build finds them.
  const packages: string[] = [];
  let environment: Environment | undefined;
  for (const layer of request.layers.length > 0 ? request.layers : [[]]) {
    packages.push(...layer);
    environment = await ensureImage(search, [...new Set(packages)].sort());
  }
  return environment as Environment;
}

/**
 * The environment of a lock. Whichever base image there is, it becomes the same, so that image's id
 * is not part of the name; and what is exact neither ages nor grows from another.
 */
async function ensureLocked(
  engine: Engine,
  { system, layers }: EnvironmentRequest,
  locked: Locked,
  log: Log,
): Promise<Environment> {
  const maxAge = Number.POSITIVE_INFINITY;
  const systemKey = keyOf({ format: environmentFormat, system, lock: locked.key });
  const wanted: Wanted = { engine, log, system, systemKey, maxAge, askedAt: Date.now(), locked };
  const packages = [...new Set(locked.lock.requested)].sort();
  const existing = await freshImage(wanted, packages);
  // One that was imported needs no base image here.
  const environment = existing
    ? reused(wanted, existing, packages)
    : await ensureImage({ ...wanted, base: await requireBaseImage(engine, system, log) }, packages);
  return { ...environment, requested: [...new Set(layers.flat())].sort() };
}

function asOf(image: Image): number {
  return Date.parse(image.labels[labels.asOf] ?? "");
}

/** Made within maxAge; or since we asked, for those who want a new one and waited for another. */
function isFresh(search: Wanted, image: Image): boolean {
  const made = asOf(image);
  const age = Date.now() - made;
  // A time to come is no age: the clock was wrong, then or now.
  if (!(age > -clockTolerance)) return false;
  return made >= search.askedAt || age < search.maxAge * 1000;
}

async function freshImage(search: Wanted, packages: string[]): Promise<Image | null> {
  const image = await search.engine.image(environmentTag(search.systemKey, packages));
  return image && isFresh(search, image) ? image : null;
}

function describe({ system, locked }: Wanted, packages: string[]): string {
  if (locked) return `environment ${system.name}, locked`;
  return `environment ${system.name} + ${packages.length} package${packages.length === 1 ? "" : "s"}`;
}

function reused(search: Wanted, image: Image, packages: string[]): Environment {
  const age = formatAge(Date.now() - asOf(image));
  const seconds = (Date.now() - search.askedAt) / 1000;
  search.log.info({ seconds }, `${describe(search, packages)}: reused, ${age} old`);
  return { image: image.id, requested: packages, record: parseRecord(image.labels[labels.record]) };
}

/** A span of time in its largest unit: "3 h". */
export function formatAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}

async function ensureImage(search: Search, packages: string[]): Promise<Environment> {
  const name = `nix-voyager-environment-${keyOf({ systemKey: search.systemKey, packages })}`;
  const claim = new Claim(search.engine, name);
  for (let waited = false; ; ) {
    const existing = await freshImage(search, packages);
    if (existing) return reused(search, existing, packages);
    const parent = await findParent(search, packages);
    const container = await takeLock(search, claim, parent);
    if (container) {
      // Between our look and the lock another may have made it.
      const meanwhile = await freshImage(search, packages);
      if (!meanwhile) return make(search, container, parent, packages);
      await container.kill();
      return reused(search, meanwhile, packages);
    }
    if (!waited) {
      search.log.info(`${describe(search, packages)}: another build is making it, waiting`);
      waited = true;
    }
    // The one that makes it ends right after the image is there. One that never started does not run either.
    const asked = performance.now();
    await search.engine.whenEnded(name);
    if (performance.now() - asked < pollInterval) await sleep(pollInterval);
  }
}

/** Starts the container that makes the environment; null while another one of its name exists. */
async function takeLock(search: Search, claim: Claim, parent: Image): Promise<RunningContainer | null> {
  try {
    const network = search.locked === null || search.locked.packages === null;
    const volumes = search.locked ? [] : keptPackages(search.system);
    return await claim.start(packageManagerContainer({ name: null, image: parent.id, network, volumes }));
  } catch (error) {
    // Pruned since we looked: look again, for another to grow from.
    if (error instanceof ImageMissing && parent.id !== search.base.id) return null;
    throw error;
  }
}

/** The image to build on: the fresh environment with most of the packages, or the base image. */
async function findParent(search: Search, packages: string[]): Promise<Image> {
  const wanted = new Set(packages);
  let best = search.base;
  let most = -1;
  const known = await search.engine.images(`${labels.systemKey}=${search.systemKey}`);
  for (const image of known) {
    const has = JSON.parse(image.labels[labels.packages] ?? "null") as string[] | null;
    const depth = Number(image.labels[labels.depth] ?? 0);
    if (!has || !isOurs(image) || has.length <= most || depth >= maximumDepth) continue;
    if (!isFresh(search, image) || !has.every((name) => wanted.has(name))) continue;
    best = image;
    most = has.length;
  }
  return best;
}

/**
 * Removes what had the environment's name before: an older one, or one made twice because the engine got
 * the request for it twice. Who makes one is the only one who does.
 */
async function removeReplaced({ engine, systemKey }: Search, packages: string[]): Promise<void> {
  const known = await engine.images(`${labels.systemKey}=${systemKey}`);
  const isSame = ({ labels: own }: Image) => own[labels.packages] === JSON.stringify(packages);
  for (const image of known.filter((one) => one.tags.length === 0 && isSame(one))) {
    await engine.removeImage(image.id);
  }
}

async function make(
  search: Search,
  container: RunningContainer,
  parent: Image,
  packages: string[],
): Promise<Environment> {
  const { system, log } = search;
  const start = performance.now();
  announcePhase("environment");
  const first = parent.id === search.base.id;
  const has = new Set(first ? [] : (JSON.parse(parent.labels[labels.packages] ?? "[]") as string[]));
  const added = packages.filter((name) => !has.has(name));
  log.info(
    { phase: "environment" },
    `${describe(search, packages)}: making it${first ? "" : `, ${added.length} to add`}`,
  );
  // Not needed where the environment is there.
  const [{ makeEnvironment }, { lockInstaller }] = await Promise.all([
    import("./make.ts"),
    import("./lock/install.ts"),
  ]);
  const tag = environmentTag(search.systemKey, packages);
  const record = await makeEnvironment({
    container,
    packageManager: packageManagers[system.packageManager],
    system,
    packages: added,
    first,
    log,
    installer: search.locked && lockInstaller(system, packageManagers[system.packageManager], search.locked),
  });
  const image = await container
    .commit({
      tag,
      labels: {
        [labels.kind]: "environment",
        // Else the image would have this container's, and so would whatever is started from it.
        [labels.container]: "",
        [labels.broker]: "",
        [labels.system]: system.name,
        [labels.systemKey]: search.systemKey,
        [labels.packages]: JSON.stringify(packages),
        [labels.asOf]: first ? new Date().toISOString() : (parent.labels[labels.asOf] ?? ""),
        [labels.depth]: String(first ? 1 : Number(parent.labels[labels.depth]) + 1),
        [labels.record]: JSON.stringify(record),
      },
    })
    // Its name is free when it is gone, and its end tells those who wait; nothing here waits for it.
    .finally(() => {
      container.kill().catch((error: unknown) => log.warn(messageOf(error)));
    });
  await removeReplaced(search, packages);
  const before = first ? 0 : parseRecord(parent.labels[labels.record]).packages.length;
  const installed = record.packages.length - before;
  log.info(
    { seconds: secondsSince(start) },
    `${describe(search, packages)}: made, ${installed} ${first ? "packages in all" : `more installed`}`,
  );
  return { image, requested: packages, record };
}
