/** Makes an environment in a container that runs already: configure, install, index, record. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
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

/** What comes after the output of a script whose output is read: one that broke off must not pass for all of it. */
const endMark = "@@ nix-voyager: end";

/** Exit codes of the scripts below, for what is not the package manager's: none of its own. */
const statuses = { files: 197, index: 198 };

/** Installs the packages and says what the container then holds. Ends it when it fails. */
export async function makeEnvironment(request: MakeRequest): Promise<EnvironmentRecord> {
  const { container, packageManager, system } = request;
  try {
    const heartbeat = setInterval(() => {
      request.log.info(`installing packages of ${system.name}: still at it`);
    }, quietSeconds * 1000);
    await install(request).finally(() => clearInterval(heartbeat));
    const { status, output } = await run(
      container,
      // One program for both: each costs a request or two. A subshell, so that the first may end early.
      `(\n${packageManager.indexScript()})\n[ $? = 0 ] || exit ${statuses.index}\n${packageManager.recordScript()}`,
      false,
    );
    if (status === statuses.index) {
      throw new VoyagerError("environment", `the libraries of ${system.name} cannot be listed`, {
        why: output,
        remedy: "see whether the base image is whole: `voyager image bootstrap --force` makes it anew",
      });
    }
    if (status !== 0) {
      throw new VoyagerError("environment", `what ${system.name} has installed cannot be read`, {
        why: output,
        remedy: "see whether the base image is whole: `voyager image bootstrap --force` makes it anew",
      });
    }
    const installed = packageManager.parseRecord(output);
    request.installer?.check(installed);
    return installed;
  } catch (error) {
    await container.kill();
    throw error;
  }
}

/** Configures the package manager and has it install, or the installer. */
async function install(request: MakeRequest): Promise<void> {
  const { container, packageManager, system, installer } = request;
  if (installer) {
    await sendFiles(request);
    return installer.install(container);
  }
  const script = packageManager.installScript(system, request.packages, request.first);
  await withFiles(request, (input) => runConfigured(container, packageManager, system, script, input));
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
  if (status !== 0) await explain(container, packageManager, system, output);
}

/** The same for a script that first unpacks the configuration which it is sent. */
async function runConfigured(
  container: RunningContainer,
  packageManager: PackageManager,
  system: System,
  script: string,
  input: Readable,
): Promise<void> {
  const whole = `{ ${unpackFiles} && cat >/dev/null; } || exit ${statuses.files}\nexec </dev/null\n${script}`;
  const { status, output } = await run(container, whole, true, input);
  if (status === statuses.files) throw configurationFailure(system, output);
  if (status !== 0) await explain(container, packageManager, system, output);
}

async function explain(
  container: RunningContainer,
  packageManager: PackageManager,
  system: System,
  output: string,
): Promise<never> {
  const error = await packageManager.explainFailure(system, output, async () => {
    const names = await run(container, packageManager.namesScript(), false);
    return names.output.split("\n").filter((name) => name !== "");
  });
  // It may have ended, or been cut off, in the middle of a line; what comes next is a message of its own.
  error.said = output === "" || output.endsWith("\n") ? output : `${output}\n`;
  throw error;
}

const unpackFiles = "tar -x -f - -C / --no-same-owner";

function configurationFailure(system: System, why: string): VoyagerError {
  return new VoyagerError("environment", `the configuration of ${system.name} could not be written`, {
    why,
    remedy: "see whether the container's or the engine's disk is full; the engine's own log may tell more",
  });
}

/** Hands on a tar stream of the package manager's configuration. */
async function withFiles<T>(
  { packageManager, system }: Pick<MakeRequest, "packageManager" | "system">,
  action: (tar: Readable) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(process.env.NIX_BUILD_TOP ?? tmpdir(), "environment-"));
  try {
    const files = packageManager.files(system);
    writeFiles(folder, files);
    // Files only: a folder in the stream would give its mode to the container's own.
    const paths = files.map(({ path }) => path);
    return await action(pack(folder, paths));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts the package manager's configuration into the container. */
export async function sendFiles(
  request: Pick<MakeRequest, "container" | "packageManager" | "system">,
): Promise<void> {
  const { container, system } = request;
  const { status, output } = await withFiles(request, (tar) => run(container, unpackFiles, true, tar));
  if (status !== 0) throw configurationFailure(system, output);
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
  // A subshell, because the script may exit. What it prints is counted: a piece could get lost, or come twice.
  const marked = `out=$(mktemp) || exit 1\n(\n${script}\n) >"$out"\nstatus=$?\ncat "$out"
[ $status != 0 ] || printf '\\n${endMark} %s\\n' "$(wc -c <"$out")"\nrm -f "$out"\nexit $status`;
  let printed = 0;
  const status = await container.exec({
    command: ["/bin/sh", "-c", bounded ? script : marked],
    env: {},
    user: "0:0",
    workingDirectory: "/",
    input,
    onOutput: (stream, data) => {
      if (stream === 1) printed += data.length;
      chunks.push(Buffer.from(data));
      size += data.length;
      while (bounded && size > keptOutput && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
    },
  });
  const output = Buffer.concat(chunks).toString("utf8");
  if (bounded || status !== 0) return { status, output };
  const mark = new RegExp(`\\n${endMark} (\\d+)\\n`).exec(output);
  if (!mark || Number(mark[1]) + mark[0].length !== printed) {
    throw new VoyagerError("engine", "not all came that a program in the container printed", {
      why: "the engine ended the output before its end, or a piece of it came twice",
      remedy: "look at the engine's own log",
    });
  }
  return { status, output: output.replace(mark[0], "") };
}
