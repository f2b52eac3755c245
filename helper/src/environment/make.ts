/** Makes an environment in a container that runs already: configure, install, record. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    const install = await run(
      container,
      packageManager.installScript(system, request.packages, request.first),
      true,
    ).finally(() => clearInterval(heartbeat));
    if (install.status !== 0) {
      writeToStderr(install.output);
      throw await packageManager.explainFailure(system, install.output, async () => {
        const names = await run(container, packageManager.namesScript(), false);
        return names.output.split("\n").filter((name) => name !== "");
      });
    }
    const record = await run(container, packageManager.recordScript(), false);
    if (record.status !== 0) {
      throw new VoyagerError("environment", `what ${system.name} has installed cannot be read`, {
        why: record.output,
      });
    }
    return packageManager.parseRecord(record.output);
  } catch (error) {
    await container.kill();
    throw error;
  }
}

async function sendFiles({ container, packageManager, system }: MakeRequest): Promise<void> {
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

async function run(
  container: RunningContainer,
  script: string,
  bounded: boolean,
): Promise<{ status: number; output: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const status = await container.exec({
    command: ["/bin/sh", "-c", script],
    env: {},
    user: "0:0",
    workingDirectory: "/",
    input: null,
    onOutput: (_stream, data) => {
      chunks.push(Buffer.from(data));
      size += data.length;
      while (bounded && size > keptOutput && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
    },
  });
  return { status, output: Buffer.concat(chunks).toString("utf8") };
}
