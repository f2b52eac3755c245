/** What a system's repositories have now. */
import { Readable } from "node:stream";
import { VoyagerError } from "../common/errors.ts";
import { type Log, secondsSince } from "../common/log.ts";
import type { Engine } from "../engine/engine.ts";
import type { System } from "../spec/spec.ts";
import { inBaseContainer } from "./base-container.ts";
import { packageManagers } from "./environments.ts";
import { lockCommands } from "./lock/install.ts";
import { startContainer } from "./lock/packages.ts";
import { run, sendFiles } from "./make.ts";

/**
 * The versions that would be installed today, of packages as the system's package manager names them
 * ("libc6"; of another architecture than the machine's "libc6:i386"). A package that no repository
 * has any more is not in the answer. Asks the repositories, in a container of the base image.
 */
export async function candidateVersions(
  engine: Engine,
  system: System,
  names: string[],
  log: Log,
): Promise<Map<string, string>> {
  const start = performance.now();
  const packageManager = packageManagers[system.packageManager];
  const versions = await inBaseContainer(engine, system, log, async (container) => {
    const context = { container, packageManager, system, commands: lockCommands[system.packageManager] };
    await sendFiles(context);
    await startContainer(context, true);
    const input = Readable.from([Buffer.from(names.map((name) => `${name}\n`).join(""))]);
    const { status, output } = await run(container, packageManager.candidatesScript, false, input);
    if (status === 0) return packageManager.parseCandidates(output);
    throw new VoyagerError("environment", `the repositories of ${system.name} could not be asked`, {
      why: output.trimEnd().split("\n").slice(-10).join("\n"),
      remedy: "check the network of containers, and the system's repositories, keys and certificates",
    });
  });
  log.info(
    { seconds: secondsSince(start) },
    `repositories of ${system.name}: asked for ${names.length} packages`,
  );
  return versions;
}
