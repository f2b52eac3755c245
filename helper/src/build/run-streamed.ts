/**
 * Runs a build where nothing can be bound (a remote engine, remapped users, Docker Desktop): the
 * closure and the build folder go in, the outputs come out, as tar streams through `exec`. The
 * engine's archive API would be several times slower.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { announcePhase, secondsSince } from "../common/log.ts";
import { storeOf } from "../common/store.ts";
import type { RunningContainer } from "../engine/engine.ts";
import { labels } from "../environment/labels.ts";
import { streamIdentity } from "../transfer/identity.ts";
import { pack, writeFiles } from "../transfer/pack.ts";
import { type Targets, Unpacker } from "../transfer/unpack.ts";
import { buildFolder, etcFiles, outputPaths, systemPath } from "./layout.ts";
import { auditFolder, type Build, lifelineCommand, type Outcome, stageCommand } from "./runner.ts";
import { startInSlot } from "./slots.ts";

const root = "0:0";
const user = `${streamIdentity.uid}:${streamIdentity.gid}`;

/**
 * Runs a command, and then kills what it left running. Not with `kill -1`, which would end the
 * container: its process 1 and that one's first child, the lifeline, run as the same user.
 */
const runAlone = `
"$@"
status=$?
PATH=${systemPath}
lifeline=$(cd /proc && ls -d [0-9]* | sort -n | sed -n 2p)
for process in $(cd /proc && ls -d [0-9]*); do
  case $process in 1|$lifeline|$$) ;; *) kill -KILL "$process" 2>/dev/null ;; esac
done
exit $status
`;

/** Runs it; on success the outputs are complete at their final paths. */
export async function runStreamed(build: Build): Promise<Outcome> {
  const container = await startInSlot(build, {
    image: build.environment.image,
    command: lifelineCommand,
    // Not the build's variables: programs that move files must not heed them (TAR_OPTIONS).
    env: { PATH: systemPath, LC_ALL: "C.UTF-8" },
    user,
    workingDirectory: "/",
    mounts: [],
    labels: { [labels.container]: "build" },
    network: build.attributes.voyager.network,
    privilegesOfPackageManager: false,
    limits: build.attributes.voyager.limits,
    onOutput: () => {},
  });
  // The container ends by our hand or the engine's; a build in it then ends with an error of its own.
  const lost = container.exit.then(() => {
    throw new VoyagerError("engine", "the container ended before the build did", {
      remedy: "look at the engine's own log",
    });
  });
  lost.catch(() => {});
  try {
    await Promise.race([sendInputs(build, container), lost]);
    build.meanwhile();
    const status = await Promise.race([
      container.exec({
        command: ["/bin/sh", "-c", runAlone, "stage", ...stageCommand(build)],
        env: build.variables,
        user,
        workingDirectory: buildFolder,
        input: null,
        onOutput: build.output.sink,
      }),
      lost,
    ]);
    const fetched = status === 0 ? fetchOutputs(build, container) : fetchForShell(build, container);
    await Promise.race([fetched, lost]);
    if (status === 0) {
      const finish = await Promise.race([afterBuild(build, container), lost]);
      await finish();
    }
    return { status, container };
  } finally {
    await container.kill();
  }
}

async function sendInputs(build: Build, container: RunningContainer): Promise<void> {
  const start = performance.now();
  announcePhase("transfer");
  const { attributes, folder } = build;
  const closure = attributes.closure.map(({ path }) => path);
  const outputs = attributes.voyager.result === "directory" ? Object.values(outputPaths(attributes)) : [];
  const stores = [...new Set([...closure, ...outputs].map(storeOf))];

  const open = ["mkdir", "-p", ...stores, buildFolder, "&&", "chmod", "0777", ...stores, buildFolder, "&&"];
  const etc = Object.entries(etcFiles(attributes, build.environment.record, streamIdentity));
  const staging = join(dirname(folder), "staging");
  try {
    writeFiles(
      staging,
      etc.map(([name, content]) => ({ path: `etc/${name}`, content, mode: 0o644 })),
    );
    const files = etc.map(([name]) => `etc/${name}`);
    await run(container, [...open, ...extract("/")], root, pack(staging, files), "the files of /etc");
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  // Not as root: GNU tar relies on root's power to write into read-only folders, which root does
  // not have here. So the build owns its outputs, as it should, and its copy of the closure, which
  // it could change, but that copy only.
  const fill = outputs.length > 0 ? ["mkdir", "-p", ...outputs, "&&"] : [];
  const relative = closure.map((path) => path.slice(1));
  await run(container, [...fill, ...extract("/")], user, pack("/", relative), "the closure");
  if (stores.length > 0) await run(container, ["chmod", "0755", ...stores], root, null, "the store");
  await run(container, extract(buildFolder), user, pack(folder, readdirSync(folder)), "the build folder");

  const bytes = attributes.closure.reduce((sum, { narSize }) => sum + narSize, 0);
  build.log.info(
    { seconds: secondsSince(start), bytes },
    `transfer: streamed in ${closure.length} store paths, ${(bytes / 1e6).toFixed(1)} MB`,
  );
}

/** Has what comes after the build done: each script that is run brings the files that it may read. */
async function afterBuild(build: Build, container: RunningContainer): Promise<() => Promise<void>> {
  const here = join(dirname(build.folder), auditFolder);
  const inside = `${buildFolder}/${auditFolder}`;
  rmSync(here, { recursive: true, force: true });
  mkdirSync(here, { mode: 0o755 });
  let sent = 0;
  const ask = async (script: string): Promise<string> => {
    const files = readdirSync(here);
    if (files.length > sent) {
      const open = ["rm", "-rf", inside, "&&", "mkdir", inside, "&&"];
      await run(container, [...open, ...extract(inside)], user, pack(here, files), "what is to be looked at");
      sent = files.length;
    }
    const chunks: Buffer[] = [];
    await container.exec({
      command: ["/bin/sh"],
      env: { PATH: systemPath, LC_ALL: "C.UTF-8" },
      user,
      workingDirectory: buildFolder,
      input: Readable.from([Buffer.from(script, "latin1")]),
      onOutput: (stream, data) => {
        if (stream === 1) chunks.push(Buffer.from(data));
      },
    });
    return Buffer.concat(chunks).toString("latin1");
  };
  try {
    return await build.afterwards({ here, inside, ask, leave: async () => {} });
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
}

async function fetchOutputs(build: Build, container: RunningContainer): Promise<void> {
  const start = performance.now();
  announcePhase("export");
  const inside = outputPaths(build.attributes);
  const targets: Targets = {};
  for (const [name, path] of Object.entries(inside)) {
    const target = build.attributes.outputs[name] ?? path;
    targets[path.slice(1)] =
      build.attributes.voyager.result === "file" ? join(build.folder, `result-${name}`) : target;
    if (build.attributes.voyager.result === "directory") mkdirSync(target, { recursive: true });
  }
  await fetchFiles(container, targets);
  build.log.info({ seconds: secondsSince(start) }, "export: streamed out");
}

/** Brings the build folder of a failed build back, for `voyager shell`, if --keep-failed keeps it. */
async function fetchForShell(build: Build, container: RunningContainer): Promise<void> {
  try {
    rmSync(build.folder, { recursive: true });
    await fetchFiles(container, { [buildFolder.slice(1)]: build.folder });
  } catch (error) {
    build.log.warn(`the build folder could not be brought back: ${messageOf(error)}`);
  }
}

/** Streams files out of the container to where `targets` says. Complete, or an error. */
async function fetchFiles(container: RunningContainer, targets: Targets): Promise<void> {
  const unpacker = new Unpacker(targets);
  let complaints = "";
  const status = await container.exec({
    command: ["tar", "-c", "-f", "-", "-C", "/", ...Object.keys(targets)],
    env: {},
    user,
    workingDirectory: "/",
    input: null,
    onOutput: (kind, data) => {
      if (kind === 2) complaints = (complaints + data.toString("utf8")).slice(-4000);
      else unpacker.write(data);
    },
  });
  if (status !== 0) {
    throw new VoyagerError("transfer", "files could not be read from the container", { why: complaints });
  }
  unpacker.end();
}

/** A command that unpacks a tar stream. Folders of the store are read-only: their modes come last. */
function extract(folder: string): string[] {
  const modes = ["--preserve-permissions", "--delay-directory-restore", "--no-overwrite-dir"];
  return ["tar", "--extract", "--file", "-", "--directory", folder, "--no-same-owner", ...modes];
}

/** Runs words as a line of shell: a store path may hold a "?", so all but "&&" are quoted. */
async function run(
  container: RunningContainer,
  words: string[],
  as: string,
  input: Readable | null,
  what: string,
): Promise<void> {
  let output = "";
  const status = await container.exec({
    command: ["/bin/sh", "-c", words.map((word) => (word === "&&" ? word : `'${word}'`)).join(" ")],
    env: {},
    user: as,
    workingDirectory: "/",
    input,
    onOutput: (_stream, data) => {
      output = (output + data.toString("utf8")).slice(-4000);
    },
  });
  if (status !== 0) {
    throw new VoyagerError("transfer", `${what} could not be put into the container`, {
      why: output.trim() || `status ${status}`,
      remedy: /No space left/.test(output)
        ? "the engine's disk is full; `voyager environment prune` frees some"
        : undefined,
    });
  }
}
