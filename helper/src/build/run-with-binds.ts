/**
 * Runs a build without copying: the build folder and the outputs are bound into the container
 * read-write, each store path of the closure read-only, and what the container writes *is* the
 * output. Whether the engine's host has our paths where we think is verified inside.
 */
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { secondsSince } from "../common/log.ts";
import { type Mount, MountSourceMissing } from "../engine/engine.ts";
import { HostPaths } from "../transfer/host-paths.ts";
import { hostIdentity, type Identity } from "../transfer/identity.ts";
import type { BuildContainer, BuildRequest } from "./build-engine.ts";
import { buildFolder, controlFolder, etcFiles, outputPaths } from "./layout.ts";
import { MountGuesses, type Guessed } from "./mount-guesses.ts";
import { removeTree } from "./remove-tree.ts";
import { auditFolder, type Build, type Outcome, stageCommand } from "./runner.ts";
import { nonceName, Supervised, supervisor } from "./supervised.ts";

/** Binds do not work here; `message` says why. */
export class BindsUnusable extends Error {}

/** Runs it. Throws BindsUnusable when the engine's host does not have, or show, our files. */
export async function runWithBinds(build: Build): Promise<Outcome> {
  const { attributes, folder } = build;
  const identity = hostIdentity();
  const isDirectory = attributes.voyager.result === "directory";
  const outputs = isDirectory ? Object.values(outputPaths(attributes)) : [];
  for (const output of outputs) mkdirSync(output, { recursive: true });
  const etc = etcFiles(attributes, build.environment.record, identity);
  for (const [name, content] of Object.entries(etc)) {
    writeFileSync(join(folder, controlFolder, name), content);
  }
  const closure = attributes.closure.map(({ path }) => path);
  const link = closure.find((path) => lstatSync(path).isSymbolicLink());
  if (link) throw new BindsUnusable(`${link} is a symbolic link, which cannot be bound`);

  const mounts = (hostPath: HostPath): Mount[] => [
    { source: hostPath("build", folder), target: buildFolder, readOnly: false },
    ...Object.keys(etc).map((name) => ({
      source: hostPath("build", join(folder, controlFolder, name)),
      target: `/etc/${name}`,
      readOnly: true,
    })),
    ...outputs.map((path) => ({ source: hostPath("store", path), target: path, readOnly: false })),
    ...closure.map((path) => ({ source: hostPath("store", path), target: path, readOnly: true })),
  ];
  const nonce = randomBytes(16).toString("hex");
  const verified = [folder, ...outputs].map((path) => join(path, nonceName));
  const writable = [buildFolder, ...outputs].join(" ");
  const supervised = new Supervised(build.output.sink);
  const command = ["/bin/sh", "-c", supervisor, "supervisor", nonce, writable, ...stageCommand(build)];
  try {
    for (const file of verified) writeFileSync(file, nonce);
    const { start: firstInput, sink: onOutput } = supervised;
    const container = await startWithMounts(build, identity, mounts, { command, firstInput, onOutput });
    const death = container.whenEnded();
    death.catch(() => {}); // on the way that does not await it, `exit` tells the same
    build.meanwhile();
    const ended = await Promise.race([supervised.wait("ended").then(() => true), container.exit]);
    if (verified.some((file) => existsSync(file))) {
      throw new BindsUnusable("the container does not see the build's folders, or cannot write to them");
    }
    if (ended === true) {
      const finish = await afterBuild(build, container, supervised);
      // Until then, who had taken hold of process 1 could still write to the outputs.
      const begin = performance.now();
      const both = await Promise.allSettled([finish(), death]);
      build.log.debug({ seconds: secondsSince(begin) }, "container ended, records written");
      for (const one of both) if (one.status === "rejected") throw one.reason;
    }
    const status = ended === true ? 0 : await container.exit;
    supervised.end();
    return { status, container };
  } finally {
    for (const file of verified) rmSync(file, { force: true });
  }
}

/** Has what comes after the build done in its container, and lets the container end. */
async function afterBuild(
  build: Build,
  container: BuildContainer,
  supervised: Supervised,
): Promise<() => Promise<void>> {
  // The build could write here, but no longer can: all its processes have been killed.
  const here = join(build.folder, auditFolder);
  removeTree(here);
  mkdirSync(here, { mode: 0o755 });
  const inside = `${buildFolder}/${auditFolder}`;
  const lost = container.exit.then(() => {
    throw new VoyagerError("engine", "the container ended before its linkage was read", {
      remedy: "look at the engine's own log",
    });
  });
  lost.catch(() => {});
  let count = 0;
  const ask = async (script: string): Promise<string> => {
    const [question, answer] = [`script-${++count}`, `answer-${count}`];
    writeFileSync(join(here, question), script, "latin1");
    container.lifeline.write(`ask ${inside}/${question} ${inside}/${answer}\n`);
    await Promise.race([supervised.wait(`answered ${answer}`), lost]);
    return readFileSync(join(here, answer), "latin1");
  };
  // Resolves when the engine has been told: work that does not pause would keep it waiting.
  const leave = () => new Promise<void>((resolve) => container.lifeline.end(() => resolve()));
  try {
    const finish = await build.afterwards({ here, inside, ask, leave });
    if (!container.lifeline.writableEnded) await leave();
    return finish;
  } catch (error) {
    await container.kill();
    throw error;
  } finally {
    removeTree(here);
  }
}

/** Where the host has a path of one of the two places. */
type HostPath = (part: Guessed, path: string) => string;

/** Starts the container, trying in turn where the host may have the build folder and the store. */
async function startWithMounts(
  build: Build,
  identity: Identity,
  mounts: (hostPath: HostPath) => Mount[],
  program: Pick<BuildRequest, "command" | "firstInput" | "onOutput">,
) {
  const guesses = new MountGuesses(new HostPaths());
  const hostPath = (part: Guessed, path: string) => {
    const found = guesses.hostPath(part, path);
    if (found === null) throw new BindsUnusable("the engine's host does not have the build's files");
    return found;
  };
  for (;;) {
    const planned = mounts(hostPath);
    try {
      return await build.engine.start({ ...request(build, identity, planned), ...program }, build.log);
    } catch (error) {
      if (!(error instanceof MountSourceMissing)) throw error;
      if (!guesses.refused(error.message)) throw new BindsUnusable(error.message);
    }
  }
}

function request(
  build: Build,
  identity: Identity,
  mounts: Mount[],
): Omit<BuildRequest, "command" | "firstInput" | "onOutput"> {
  const { network, limits } = build.attributes.voyager;
  const { environment, variables } = build;
  return { image: environment.image, env: variables, identity, mounts, foundations: [], network, limits };
}
