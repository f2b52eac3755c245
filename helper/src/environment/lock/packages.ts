/** Package files of a lock: from the repositories or a folder into a container, and out of it. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { VoyagerError } from "../../common/errors.ts";
import type { RunningContainer } from "../../engine/engine.ts";
import type { System } from "../../spec/spec.ts";
import { pack } from "../../transfer/pack.ts";
import { run, runInstallation } from "../make.ts";
import { scratchFolder, type PackageManager } from "../package-manager.ts";
import { compareAvailable, listed, type Unavailable } from "./differences.ts";
import type { AvailablePackage, LockCommands } from "./lock-commands.ts";
import { type FetchablePackage, prefetchedName, type SystemLock } from "./lock-file.ts";

/** Where package files lie in the container until they are installed. */
export const packagesFolder = `${scratchFolder}/packages`;

/** What the steps of a lock have in common. */
export interface LockContext {
  container: RunningContainer;
  packageManager: PackageManager;
  commands: LockCommands;
  system: System;
}

const lines = (words: string[]) => Readable.from([Buffer.from(words.map((word) => `${word}\n`).join(""))]);

/** Prepares the container: its setup script and, with `update`, package lists of this moment. */
export async function startContainer(context: LockContext, update: boolean): Promise<void> {
  const { container, packageManager, commands, system } = context;
  await runInstallation(container, packageManager, system, commands.startScript(system, update));
}

/** All that the repositories have now of packages with these names. */
export async function readAvailable(
  { container, commands }: Pick<LockContext, "container" | "commands">,
  native: string,
  packages: { name: string; arch: string }[],
): Promise<AvailablePackage[]> {
  const names = packages.map(({ name, arch }) =>
    arch === "all" || arch === native ? name : `${name}:${arch}`,
  );
  const { output } = await run(container, commands.availableScript, false, lines([...new Set(names)]));
  return commands.parseAvailable(output);
}

/** Which of the packages the repositories do not have now. */
export async function findUnavailable(
  context: LockContext,
  lock: SystemLock,
  packages: FetchablePackage[],
): Promise<Unavailable> {
  return compareAvailable(packages, await readAvailable(context, lock.architecture, packages));
}

/** Fails when the repositories do not have all of the packages as the lock has them. */
export async function requireAvailable(
  context: LockContext,
  lock: SystemLock,
  packages: FetchablePackage[],
): Promise<void> {
  const { gone, changed } = await findUnavailable(context, lock, packages);
  if (gone.length > 0) {
    throw new VoyagerError("environment", `the system lock of ${lock.system} cannot be installed`, {
      why: listed(gone),
      remedy:
        "run `voyager lock --update` for the versions of today, or keep the packages of a lock beside it:\n`voyager lock --fetch DIR` while the mirror still has them, and systemLock = { file = …; packages = DIR; }",
    });
  }
  if (changed.length > 0) {
    throw new VoyagerError(
      "environment",
      `the mirror has other packages than the system lock of ${lock.system}`,
      {
        why: listed(changed),
        remedy:
          "find out who changed a package without a new version; if it is right, run `voyager lock --update`",
      },
    );
  }
}

/** Downloads the packages into the container, with the package manager's own checks and the lock's. */
export async function download(context: LockContext, packages: FetchablePackage[]): Promise<void> {
  const { container, packageManager, commands, system } = context;
  const script = commands.downloadScript(system, packagesFolder);
  const exact = packages.map((one) => commands.exactVersion(one));
  await runInstallation(container, packageManager, system, script, lines(exact));
  await checkHashes(context, packages, (one) => commands.downloadedName(one), "the download");
}

/** Puts packages of a folder into the container. Fails when one is missing or is not what the lock says. */
export async function sendPackages(
  context: LockContext,
  packages: FetchablePackage[],
  folder: string,
): Promise<void> {
  const missing = packages.filter((one) => !existsSync(join(folder, prefetchedName(one))));
  if (missing.length > 0) {
    throw new VoyagerError("environment", `prefetched packages of ${context.system.name} are missing`, {
      why: `not in ${folder}:\n${listed(missing.map(prefetchedName))}`,
      remedy: "fetch what the lock has: voyager lock --fetch DIR",
    });
  }
  const { output, status } = await run(
    context.container,
    `mkdir -p ${packagesFolder} && tar -x -f - -C ${packagesFolder} --no-same-owner`,
    true,
    // A folder of links into the Nix store is how a derivation collects files.
    pack(folder, packages.map(prefetchedName), true),
  );
  if (status !== 0) {
    throw new VoyagerError("transfer", "prefetched packages could not be moved into the container", {
      why: output,
      remedy: "see whether the container's or the engine's disk is full; the engine's own log may tell more",
    });
  }
  await checkHashes(context, packages, prefetchedName, folder);
}

/** Compares the files in the container with the lock. */
async function checkHashes(
  { container, system }: LockContext,
  packages: FetchablePackage[],
  nameOf: (one: FetchablePackage) => string,
  origin: string,
): Promise<void> {
  const names = Readable.from([Buffer.from(packages.map((one) => `${nameOf(one)}\0`).join(""))]);
  const script = `cd ${packagesFolder} && xargs -0 -r sha256sum -b -- 2>&1`;
  const { output } = await run(container, script, false, names);
  const hashes = new Map<string, string>();
  for (const [, hash = "", name = ""] of output.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm))
    hashes.set(name, hash);
  const wrong = packages
    .filter((one) => hashes.get(nameOf(one)) !== one.sha256)
    .map((one) => {
      const is = hashes.get(nameOf(one));
      return `${nameOf(one)} ${is ? `has the hash ${is}` : "cannot be read"}, the lock has ${one.sha256}`;
    });
  if (wrong.length === 0) return;
  throw new VoyagerError("environment", `packages of ${system.name} are not what the system lock says`, {
    why: `from ${origin}:\n${listed(wrong)}`,
    remedy: "somebody or something changed them: fetch them again, and find out why",
  });
}

/**
 * Copies packages that the container has downloaded into a folder of this machine. A file gets its
 * name when its bytes have the lock's hash.
 */
export async function copyOut(
  { container, commands }: LockContext,
  packages: FetchablePackage[],
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const writer = new PackageWriter(packages, folder);
  try {
    // All in one stream, whose parts the lock's sizes tell apart: a program run for each costs more.
    const status = await container.exec({
      command: ["/bin/sh", "-c", `cd ${packagesFolder} && exec xargs -0 -r cat --`],
      env: {},
      user: "0:0",
      workingDirectory: "/",
      input: Readable.from([
        Buffer.from(packages.map((one) => `${commands.downloadedName(one)}\0`).join("")),
      ]),
      onOutput: (stream, data) => {
        if (stream === 1) writer.write(data);
      },
    });
    writer.end(status);
  } finally {
    writer.close();
  }
}

/** Splits a stream of files, one after the other, into files that are checked. */
export class PackageWriter {
  readonly #packages: FetchablePackage[];
  readonly #folder: string;
  #index = 0;
  #file: { descriptor: number; path: string; left: number } | null = null;
  #hash = createHash("sha256");
  #wrong: string | null = null;

  constructor(packages: FetchablePackage[], folder: string) {
    this.#packages = packages;
    this.#folder = folder;
  }

  write(data: Buffer): void {
    let rest = data;
    while (rest.length > 0 && this.#wrong === null) {
      const one = this.#packages[this.#index];
      if (!one) {
        this.#wrong = "more came than the lock's sizes say";
        return;
      }
      this.#file ??= this.#open(one);
      const part = rest.subarray(0, this.#file.left);
      writeAll(this.#file.descriptor, part);
      this.#hash.update(part);
      this.#file.left -= part.length;
      rest = rest.subarray(part.length);
      if (this.#file.left === 0) this.#finish(one);
    }
  }

  /** Fails unless every file came whole. */
  end(status: number): void {
    if (this.#wrong === null && (status !== 0 || this.#index < this.#packages.length)) {
      this.#wrong = `only ${this.#index} of ${this.#packages.length} came whole (status ${status})`;
    }
    if (this.#wrong === null) return;
    throw new VoyagerError("transfer", "packages could not be copied out of the container", {
      why: this.#wrong,
      remedy: "see whether the container's or the engine's disk is full; the engine's own log may tell more",
    });
  }

  /** Removes a file that did not come whole. */
  close(): void {
    if (!this.#file) return;
    closeSync(this.#file.descriptor);
    rmSync(this.#file.path, { force: true });
    this.#file = null;
  }

  #open(one: FetchablePackage): { descriptor: number; path: string; left: number } {
    const path = join(this.#folder, `.${prefetchedName(one)}.${process.pid}`);
    this.#hash = createHash("sha256");
    return { path, left: one.size, descriptor: openSync(path, "w", 0o644) };
  }

  #finish(one: FetchablePackage): void {
    const path = this.#file?.path ?? "";
    if (this.#hash.digest("hex") !== one.sha256) {
      this.#wrong = `${one.name} ${one.version} is not the file that the lock names`;
      return;
    }
    closeSync(this.#file?.descriptor ?? -1);
    this.#file = null;
    renameSync(path, join(this.#folder, prefetchedName(one)));
    this.#index++;
  }
}

function writeAll(descriptor: number, data: Buffer): void {
  for (let done = 0; done < data.length; ) done += writeSync(descriptor, data, done);
}
