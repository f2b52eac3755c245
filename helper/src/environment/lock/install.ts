/** Makes an environment that is exactly what a system lock says, on whatever base image there is. */
import { VoyagerError } from "../../common/errors.ts";
import type { RunningContainer } from "../../engine/engine.ts";
import type { Spec, System } from "../../spec/spec.ts";
import { type Installer, run, runInstallation } from "../make.ts";
import type { PackageManager } from "../package-manager.ts";
import { aptLock } from "./apt-lock.ts";
import { differences, listed } from "./differences.ts";
import type { LockCommands } from "./lock-commands.ts";
import {
  type FetchablePackage,
  fullName,
  isFetchable,
  lockKey,
  readLock,
  type SystemLock,
} from "./lock-file.ts";
import {
  download,
  type LockContext,
  packagesFolder,
  requireAvailable,
  sendPackages,
  startContainer,
} from "./packages.ts";

export const lockCommands: Record<System["packageManager"], LockCommands> = { apt: aptLock };

/** A lock that an environment is to follow. */
export interface Locked {
  lock: SystemLock;
  /** Names the environment, with the system. */
  key: string;
  /** Folder with the package files; null: they come from the repositories. */
  packages: string | null;
}

/** Reads the lock that a spec names. Throws when it is not one of this system. */
export function openLock(system: System, reference: NonNullable<Spec["environment"]["lock"]>): Locked {
  const lock = readLock(reference.file);
  if (lock.system !== system.name) {
    throw new VoyagerError("spec", `${reference.file} is a lock of ${lock.system}, not of ${system.name}`, {
      remedy: "make one for this system: voyager lock",
    });
  }
  return { lock, key: lockKey(lock), packages: reference.packages };
}

/** Installs by a lock. The result is checked against it, package by package. */
export function lockInstaller(system: System, packageManager: PackageManager, locked: Locked): Installer {
  const { lock } = locked;
  return {
    install: (container) =>
      install({ container, packageManager, system, commands: lockCommands[system.packageManager] }, locked),
    check(record) {
      const found = differences(record.packages, lock.packages);
      if (found.length === 0) return;
      throw new VoyagerError("environment", `the environment of ${system.name} is not what its lock says`, {
        why: listed(found),
        remedy:
          "run `voyager lock --update`; if the same is said again, the system's `setup` changes packages",
      });
    },
  };
}

async function install(context: LockContext, locked: Locked): Promise<void> {
  const { container, packageManager, commands, system } = context;
  const { lock, packages: folder } = locked;
  await startContainer(context, folder === null);
  const has = await readInstalled(container, commands);
  requireArchitecture(system, lock, has.architecture);
  const versions = new Map(has.packages.map((one) => [fullName(one), one.version]));
  const missing = lock.packages.filter((one) => versions.get(fullName(one)) !== one.version);
  const needed = requireFetchable(system, missing);
  if (needed.length > 0) {
    if (folder === null) {
      await requireAvailable(context, lock, needed);
      await download(context, needed);
    } else await sendPackages(context, needed, folder);
  }
  const wanted = new Set(lock.packages.map(fullName));
  const superfluous = has.packages.map(fullName).filter((name) => !wanted.has(name));
  const script = commands.installFilesScript(system, packagesFolder, superfluous);
  await runInstallation(container, packageManager, system, script);
}

/** What the container has installed, while its package lists are there. */
export async function readInstalled(
  container: RunningContainer,
  commands: LockCommands,
): Promise<ReturnType<LockCommands["parseInstalled"]>> {
  const { status, output } = await run(container, commands.installedScript, false);
  if (status !== 0) {
    throw new VoyagerError("environment", "what is installed cannot be read", {
      why: output.slice(-2000),
      remedy: "see whether the base image is whole: `voyager image bootstrap --force` makes it anew",
    });
  }
  return commands.parseInstalled(output);
}

function requireArchitecture(system: System, lock: SystemLock, is: string): void {
  if (is === lock.architecture) return;
  throw new VoyagerError("environment", `the system lock of ${system.name} is for ${lock.architecture}`, {
    why: `this engine's base image is for ${is}`,
    remedy: "each architecture has a lock of its own: make one with `voyager lock --output` there",
  });
}

function requireFetchable(system: System, missing: SystemLock["packages"]): FetchablePackage[] {
  const local = missing.filter((one) => !isFetchable(one));
  if (local.length > 0) {
    throw new VoyagerError("environment", `the base image of ${system.name} lacks what its lock has`, {
      why: `in no repository when the lock was made:\n${listed(local.map((one) => `${one.name} ${one.version}`))}`,
      remedy: "use the base image that has them, or put them into a repository",
    });
  }
  return missing.filter(isFetchable);
}
