/** Makes an environment in a container that runs already: configure, install, index, record. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { VoyagerError } from "../common/errors.ts";
import { type Log, writeToStderr } from "../common/log.ts";
import type { RunningContainer } from "../engine/engine.ts";
import type { System } from "../spec/spec.ts";
import { pack, writeFiles } from "../transfer/pack.ts";
import type { PackageManager } from "./package-manager.ts";
import type { EnvironmentRecord } from "./record.ts";

export interface MakeRequest {
  container: RunningContainer;
  packageManager: PackageManager;
  system: System;
  /** Packages to add to what the container has. */
  packages: string[];
  /** Whether this is the first layer on the base image. */
  first: boolean;
  log: Log;
  /** Another way to install than by the package manager's own choice of versions. */
  installer?: Installer | null;
}

/** Brings a container to what it must be, and judges whether it is. Both throw when it is not. */
export interface Installer {
  install(container: RunningContainer): Promise<void>;
  check(record: EnvironmentRecord): void;
}

/** Seconds after which the log says that something goes on: Nix may end builds that are silent. */
const quietSeconds = 30;
/** Output kept for the explanation of a failure. */
const keptOutput = 200_000;

/** Installs the packages and says what the container then holds. Ends it when it fails. */
export async function makeEnvironment(request: MakeRequest): Promise<EnvironmentRecord> {
  const { container, packageManager, system } = request;
  try {
    await sendFiles(request);
    const heartbeat = setInterval(() => {
      request.log.info(`installing packages of ${system.name}: still at it`);
    }, quietSeconds * 1000);
    const script = packageManager.installScript(system, request.packages, request.first);
    await (
      request.installer?.install(container) ?? runInstallation(container, packageManager, system, script)
    ).finally(() => clearInterval(heartbeat));
    const index = await run(container, packageManager.indexScript(), true);
    if (index.status !== 0) {
      throw new VoyagerError("environment", `the libraries of ${system.name} cannot be listed`, {
        why: index.output,
      });
    }
    const record = await run(container, packageManager.recordScript(), false);
    if (record.status !== 0) {
      throw new VoyagerError("environment", `what ${system.name} has installed cannot be read`, {
        why: record.output,
      });
    }
    const installed = packageManager.parseRecord(record.output);
    request.installer?.check(installed);
    return installed;
  } catch (error) {
    await container.kill();
    throw error;
  }
}

/** Runs a script of the package manager; what made it fail is explained by that. */
export async function runInstallation(
  container: RunningContainer,
  packageManager: PackageManager,
  system: System,
  script: string,
  input: Readable | null = null,
): Promise<void> {
  const { status, output } = await run(container, script, true, input);
  if (status === 0) return;
  writeToStderr(output);
  throw await packageManager.explainFailure(system, output, async () => {
    const names = await run(container, packageManager.namesScript(), false);
    return names.output.split("\n").filter((name) => name !== "");
  });
}

/** Puts the package manager's configuration into the container. */
export async function sendFiles({
  container,
  packageManager,
  system,
}: Pick<MakeRequest, "container" | "packageManager" | "system">): Promise<void> {
  const folder = mkdtempSync(join(process.env.NIX_BUILD_TOP ?? tmpdir(), "environment-"));
  try {
    const files = packageManager.files(system);
    writeFiles(folder, files);
    let output = "";
    const status = await container.exec({
      command: ["tar", "-x", "-f", "-", "-C", "/", "--no-same-owner"],
      env: {},
      user: "0:0",
      workingDirectory: "/",
      // Files only: a folder in the stream would give its mode to the container's own.
      input: pack(
        folder,
        files.map(({ path }) => path),
      ),
      onOutput: (_stream, data) => {
        output += data.toString("utf8");
      },
    });
    if (status !== 0) {
      throw new VoyagerError("environment", `the configuration of ${system.name} could not be written`, {
        why: output,
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a script as root. `bounded`: only the end of its output is kept, as for an explanation.
 * `input`: what it reads.
 */
export async function run(
  container: RunningContainer,
  script: string,
  bounded: boolean,
  input: Readable | null = null,
): Promise<{ status: number; output: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const status = await container.exec({
    command: ["/bin/sh", "-c", script],
    env: {},
    user: "0:0",
    workingDirectory: "/",
    input,
    onOutput: (_stream, data) => {
      chunks.push(Buffer.from(data));
      size += data.length;
      while (bounded && size > keptOutput && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
    },
  });
  return { status, output: Buffer.concat(chunks).toString("utf8") };
}
