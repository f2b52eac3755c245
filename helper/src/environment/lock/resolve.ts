/** Makes system locks: what a fresh base image becomes today; and asks and fetches what a lock names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Log, secondsSince } from "../../common/log.ts";
import type { Engine } from "../../engine/engine.ts";
import type { System } from "../../spec/spec.ts";
import { inBaseContainer } from "../base-container.ts";
import { packageManagers } from "../environments.ts";
import { makeEnvironment, sendFiles } from "../make.ts";
import { listed, type Unavailable } from "./differences.ts";
import { lockCommands, readInstalled } from "./install.ts";
import type { AvailablePackage, InstalledPackage } from "./lock-commands.ts";
import {
  describeSystem,
  fullName,
  isFetchable,
  type LockedPackage,
  lockSchemaName,
  prefetchedName,
  type SystemLock,
} from "./lock-file.ts";
import {
  copyOut,
  download,
  findUnavailable,
  type LockContext,
  readAvailable,
  requireAvailable,
  startContainer,
} from "./packages.ts";

/** Runs something of a lock in a container of the system's base image, with network. */
function inBaseImage<T>(
  engine: Engine,
  system: System,
  log: Log,
  action: (context: LockContext) => Promise<T>,
): Promise<T> {
  const packageManager = packageManagers[system.packageManager];
  const commands = lockCommands[system.packageManager];
  return inBaseContainer(engine, system, log, (container) =>
    action({ container, packageManager, commands, system }),
  );
}

/**
 * The lock of what these packages are today. It is made on the bare base image, not on an
 * environment that the engine has: what an engine made before must not decide what is in it.
 */
export async function resolveLock(
  engine: Engine,
  system: System,
  requested: string[],
  log: Log,
): Promise<SystemLock> {
  const start = performance.now();
  log.info(`system lock of ${system.name}: installing ${requested.length} packages and what they need`);
  const lock = await inBaseImage(engine, system, log, async (context) => {
    const { container, commands } = context;
    const record = await makeEnvironment({ ...context, packages: requested, first: true, log });
    const installed = await readInstalled(container, commands);
    const available = await readAvailable(context, installed.architecture, installed.packages);
    const { ID = "", VERSION_ID = "", VERSION_CODENAME = "" } = record.osRelease;
    return {
      schema: lockSchemaName,
      system: system.name,
      osRelease: { ID, VERSION_ID, VERSION_CODENAME },
      ...describeSystem(system),
      architecture: installed.architecture,
      requested: [...new Set(requested)].sort(),
      packages: lockedPackages(installed.packages, available, installed.repositories),
    };
  });
  warnOfLocal(lock, log);
  log.info(
    { seconds: secondsSince(start) },
    `system lock of ${system.name}: ${lock.packages.length} packages`,
  );
  return lock;
}

/** Says which packages a lock cannot bring to a machine. */
function warnOfLocal(lock: SystemLock, log: Log): void {
  const local = lock.packages.filter((one) => !isFetchable(one)).map((one) => `${one.name} ${one.version}`);
  if (local.length === 0) return;
  log.warn(
    `${local.length} packages are in no repository, so every base image must have them:\n${listed(local)}`,
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function lockedPackages(
  installed: InstalledPackage[],
  available: AvailablePackage[],
  repositories: Map<string, string>,
): LockedPackage[] {
  const files = new Map(available.map((one) => [`${fullName(one)}=${one.version}`, one]));
  return installed
    .map(({ name, version, arch, source, sourceVersion }) => {
      const key = `${name}:${arch}=${version}`;
      const repository = repositories.get(key) ?? null;
      const found = repository === null ? undefined : files.get(key);
      return {
        name,
        version,
        arch,
        source,
        ...(sourceVersion === version ? {} : { sourceVersion }),
        repository: found ? repository : null,
        file: found?.file ?? null,
        size: found?.size ?? null,
        sha256: found?.sha256 ?? null,
      };
    })
    .sort((a, b) => compare(a.name, b.name) || compare(a.arch, b.arch));
}

/** Whether the repositories still have everything that the lock names. */
export async function checkLock(
  engine: Engine,
  system: System,
  lock: SystemLock,
  log: Log,
): Promise<Unavailable> {
  return inBaseImage(engine, system, log, async (context) => {
    await sendFiles(context);
    await startContainer(context, true);
    return findUnavailable(context, lock, lock.packages.filter(isFetchable));
  });
}

/**
 * Downloads the packages of a lock into a folder, those that it does not have yet; files that are
 * there by name are trusted to be whole, since each gets its name when it is, and are checked again
 * when they are installed. Resolves with how many were downloaded.
 */
export async function fetchPackages(
  engine: Engine,
  system: System,
  lock: SystemLock,
  folder: string,
  log: Log,
): Promise<number> {
  const start = performance.now();
  const needed = lock.packages
    .filter(isFetchable)
    .filter((one) => !existsSync(join(folder, prefetchedName(one))));
  if (needed.length > 0) {
    await inBaseImage(engine, system, log, async (context) => {
      await sendFiles(context);
      await startContainer(context, true);
      await requireAvailable(context, lock, needed);
      await download(context, needed);
      await copyOut(context, needed, folder);
    });
  }
  const had = lock.packages.filter(isFetchable).length - needed.length;
  warnOfLocal(lock, log);
  log.info(
    { seconds: secondsSince(start) },
    `${folder}: ${needed.length} packages fetched, ${had} were there`,
  );
  return needed.length;
}
