/** `voyager lock`: makes, checks and fetches the system lock of a build that is declared in Nix. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { canonicalJson } from "../common/hash.ts";
import type { Log } from "../common/log.ts";
import { replaceFile } from "../common/replace-file.ts";
import { formatTable } from "../common/table.ts";
import type { Engine } from "../engine/engine.ts";
import { changes, listed } from "../environment/lock/differences.ts";
import { formatLock, missingFrom, readLock, type SystemLock } from "../environment/lock/lock-file.ts";
import { checkLock, fetchPackages, resolveLock } from "../environment/lock/resolve.ts";
import { evaluateLockRequest, type LockRequest } from "../spec/evaluate.ts";

export interface LockOptions {
  /** Nix file or folder. */
  file: string;
  /** Attributes of the builds that share the lock; none: the file is the build. */
  attributes: string[];
  output: string | undefined;
  /** Folder for the packages; "": the one that the expression names. */
  fetch: string | undefined;
  check: boolean;
  update: boolean;
  /** Further arguments of nix-instantiate. */
  nixArguments: string[];
}

/** Does what the options say. Resolves with the exit code; `--check` has one of its own for "no". */
export async function lock(engine: Engine, options: LockOptions, log: Log): Promise<number> {
  if (options.check && options.update) {
    throw new VoyagerError("usage", "--check looks at a lock, --update makes one anew; name one of them");
  }
  const request = requestOf(options);
  const file = options.output ?? request.file;
  if (file === null) {
    throw new VoyagerError("usage", "it is not said where the lock is", {
      remedy: "write systemLock = ./NAME.system.lock.json; in the expression, or give --output",
    });
  }
  const before = readBefore(file, options.update, log);
  if (options.check) return check(engine, request, requireLock(before, file), file, log);
  const folder = options.fetch === undefined ? null : folderOf(options.fetch, request);
  const now = await current(engine, request, before, file, options.update, log);
  if (folder !== null) await fetchPackages(engine, request.system, now, folder, log);
  return 0;
}

/** The lock that is there; what is to be made anew need not be readable. */
function readBefore(file: string, update: boolean, log: Log): SystemLock | null {
  if (!existsSync(file)) return null;
  try {
    return readLock(file);
  } catch (error) {
    if (!update || !(error instanceof VoyagerError)) throw error;
    log.warn(`${error.what}; it is made anew`);
    return null;
  }
}

/** What all the builds ask for together. */
function requestOf({ file, attributes, nixArguments }: LockOptions): LockRequest {
  const names = attributes.length > 0 ? attributes : [undefined];
  const [first, ...others] = names.map((attribute) => evaluateLockRequest({ file, attribute, nixArguments }));
  if (!first) throw new Error("there is at least one");
  const requested = new Set(first.requested);
  for (const other of others) {
    if (canonicalJson(other.system) !== canonicalJson(first.system)) {
      const same = first.system.name === other.system.name ? ", described in another way" : "";
      throw new VoyagerError("usage", "builds of different systems cannot share a lock", {
        why: `${first.system.name}, and ${other.system.name}${same}`,
        remedy: "give each system a lock of its own",
      });
    }
    for (const name of other.requested) requested.add(name);
  }
  return { ...first, requested: [...requested].sort() };
}

function requireLock(found: SystemLock | null, file: string): SystemLock {
  if (found) return found;
  throw new VoyagerError("usage", `there is no system lock ${file}`, { remedy: "make it: voyager lock" });
}

function folderOf(given: string, request: LockRequest): string {
  const folder = given === "" ? request.packages : given;
  if (folder !== null) return folder;
  throw new VoyagerError("usage", "it is not said where the packages are to lie", {
    remedy: "give --fetch DIR, or write systemLock = { file = …; packages = ./DIR; }; in the expression",
  });
}

/** The lock that is there if it fits what is asked for, else a new one, which is written. */
async function current(
  engine: Engine,
  request: LockRequest,
  before: SystemLock | null,
  file: string,
  update: boolean,
  log: Log,
): Promise<SystemLock> {
  if (before && before.system !== request.system.name && !update) {
    throw new VoyagerError(
      "spec",
      `${shownPath(file)} is a lock of ${before.system}, not of ${request.system.name}`,
      {
        remedy: "name another file for this system (systemLock, --output), or replace it with --update",
      },
    );
  }
  const unfit = before && problems(before, request);
  if (before && unfit?.length === 0 && !update) {
    log.info(`${shownPath(file)} has all that is asked for; --update makes it anew`);
    return before;
  }
  for (const problem of unfit ?? []) log.info(problem);
  const after = await resolveLock(engine, request.system, request.requested, log);
  replaceFile(file, formatLock(after));
  report(before, after, file, log);
  return after;
}

/** Why a lock is not one for what is asked. */
function problems(lock: SystemLock, { system, requested }: LockRequest): string[] {
  if (lock.system !== system.name) return [`it is a lock of ${lock.system}, not of ${system.name}`];
  return missingFrom(lock, requested).map((name) => `'${name}' is new`);
}

function report(before: SystemLock | null, after: SystemLock, file: string, log: Log): void {
  if (!before) {
    log.info(`${shownPath(file)}: written, ${after.packages.length} packages`);
    return;
  }
  const rows = changes(before.packages, after.packages);
  if (rows.length > 0) process.stdout.write(formatTable(["package", "was", "is"], rows));
  log.info(
    `${shownPath(file)}: ${rows.length === 0 ? "no version changed" : `${rows.length} packages changed`}`,
  );
}

async function check(
  engine: Engine,
  request: LockRequest,
  lock: SystemLock,
  file: string,
  log: Log,
): Promise<number> {
  const unfit = problems(lock, request);
  if (unfit.length > 0) {
    throw new VoyagerError("spec", `${shownPath(file)} does not fit what is asked for`, {
      why: listed(unfit),
      remedy: "run `voyager lock`",
    });
  }
  const { gone, changed } = await checkLock(engine, request.system, lock, log);
  if (gone.length + changed.length > 0) {
    throw new VoyagerError("environment", `the mirror lacks packages of ${shownPath(file)}`, {
      why: listed([...gone, ...changed]),
      remedy: "run `voyager lock --update`, or build with packages that were fetched before (--fetch)",
    });
  }
  log.info(`${shownPath(file)}: the mirror has all ${lock.packages.length} packages`);
  return 0;
}

function shownPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith("..") ? file : near;
}
