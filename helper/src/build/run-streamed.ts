/**
 * Runs a build where nothing can be bound (a remote engine, remapped users, Docker Desktop): the
 * closure and the build folder go in, the outputs come out, as tar streams through the input and output
 * of the container. What only root can do is in a small archive that the engine unpacks before the start.
 */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { announcePhase, secondsSince } from "../common/log.ts";
import { storeOf } from "../common/store.ts";
import { exportScript, refuseFound } from "../transfer/export-script.ts";
import { type Identity, streamIdentity } from "../transfer/identity.ts";
import { type MadeEntry, pieces } from "../transfer/pack.ts";
import { type Targets, Unpacker } from "../transfer/unpack.ts";
import type { BuildContainer } from "./build-engine.ts";
import { buildFolder, etcFiles, outputPaths } from "./layout.ts";
import { removeTree } from "./remove-tree.ts";
import { auditFolder, type Build, type Outcome, stageCommand } from "./runner.ts";
import { ContainerEnded, StreamedContainer } from "./streamed-container.ts";
import { streamedSupervisor } from "./supervised.ts";

const root = { uid: 0, gid: 0 };

/** Runs it; on success the outputs are complete at their final paths. */
export async function runStreamed(build: Build): Promise<Outcome> {
  const inside = new StreamedContainer();
  const { network, limits } = build.attributes.voyager;
  const identity = streamIdentity();
  const container = await build.engine.start(
    {
      image: build.environment.image,
      command: ["/bin/sh", "-c", streamedSupervisor, "supervisor", ...stageCommand(build)],
      env: build.variables,
      identity,
      mounts: [],
      foundations: foundations(build, identity),
      network,
      limits,
      firstInput: inside.firstInput,
      onOutput: inside.sink,
    },
    build.log,
  );
  try {
    inside.begin(container);
    await sendInputs(build, inside);
    build.meanwhile();
    const { status, isThere } = await runScript(build, inside);
    if (status === 0 && isThere) await finish(build, inside, container);
    else {
      if (isThere) await fetchForShell(build, inside);
      await container.kill();
    }
    return { status, container };
  } catch (error) {
    await container.kill();
    if (!(error instanceof ContainerEnded)) throw error;
    throw new VoyagerError("engine", error.message, { remedy: "look at the engine's own log" });
  }
}

/** Runs the build. One that kills its supervisor takes the container with it. */
async function runScript(
  build: Build,
  inside: StreamedContainer,
): Promise<{ status: number; isThere: boolean }> {
  try {
    return { status: await inside.build(build.output.sink), isThere: true };
  } catch (error) {
    if (error instanceof ContainerEnded) return { status: error.status, isThere: false };
    throw error;
  }
}

/** What comes after a script that succeeded. */
async function finish(build: Build, inside: StreamedContainer, container: BuildContainer): Promise<void> {
  const death = container.whenEnded();
  death.catch(() => {}); // where it is not awaited, another error tells more
  await fetchOutputs(build, inside);
  const record = await afterBuild(build, inside, container);
  const both = await Promise.allSettled([record(), death]);
  for (const one of both) if (one.status === "rejected") throw one.reason;
}

/**
 * What only root can make: files of /etc, and in the store, which is root's, the paths that the user will
 * fill. GNU tar as root is no way, because it relies on a power over read-only folders which root does not
 * have here. So the build owns its outputs, as it should, and its copy of the closure, which it could
 * change, but that copy only.
 */
function foundations({ attributes, environment }: Build, user: Identity): MadeEntry[] {
  const folder = (path: string, owner = user): MadeEntry => ({
    path: `${path.slice(1)}/`,
    mode: 0o755,
    owner,
    content: { type: "Directory" },
  });
  const closure = attributes.closure.map(({ path }) => path);
  const outputs = attributes.voyager.result === "directory" ? Object.values(outputPaths(attributes)) : [];
  const stores = [...new Set([...closure, ...outputs].map(storeOf))];
  const etc = Object.entries(etcFiles(attributes, environment.record, user));
  return [
    ...etc.map(
      ([name, text]): MadeEntry => ({
        path: `etc/${name}`,
        mode: 0o644,
        owner: root,
        content: { type: "File", text },
      }),
    ),
    ...stores.map((path) => folder(path, root)),
    folder(buildFolder),
    ...outputs.map((path) => folder(path)),
    ...closure.map((path): MadeEntry => {
      const stat = lstatSync(path);
      if (stat.isDirectory()) return folder(path);
      const content: MadeEntry["content"] = stat.isSymbolicLink()
        ? { type: "SymbolicLink", target: readlinkSync(path) }
        : { type: "File", text: "" };
      return { path: path.slice(1), mode: 0o644, owner: user, content };
    }),
  ];
}

async function sendInputs(build: Build, inside: StreamedContainer): Promise<void> {
  const start = performance.now();
  announcePhase("transfer");
  const { attributes, folder } = build;
  const closure = attributes.closure.map(({ path }) => path.slice(1));
  const links = new Set(closure.filter((path) => lstatSync(`/${path}`).isSymbolicLink()));
  const inputs = pieces([
    { folder: "/", paths: closure.filter((path) => !links.has(path)) },
    { folder, paths: ["."], prefix: buildFolder.slice(1) },
  ]);
  await put(inside, inputs, "/", "the build's files");
  const bytes = attributes.closure.reduce((sum, { narSize }) => sum + narSize, 0);
  build.log.info(
    { seconds: secondsSince(start), bytes },
    `transfer: streamed in ${closure.length} store paths, ${(bytes / 1e6).toFixed(1)} MB`,
  );
}

/** Has what comes after the build done: each script that is run brings the files that it may read. */
async function afterBuild(
  build: Build,
  container: StreamedContainer,
  { lifeline }: BuildContainer,
): Promise<() => Promise<void>> {
  const here = join(build.folder, auditFolder);
  const inside = `${buildFolder}/${auditFolder}`;
  removeTree(here);
  mkdirSync(here, { mode: 0o755 });
  let sent = 0;
  const ask = async (script: string): Promise<string> => {
    const files = readdirSync(here);
    if (files.length > sent) {
      const clear = `rm -rf ${inside} && mkdir ${inside}`;
      const { status, complaints } = await container.run(Buffer.from(clear), () => {});
      if (status !== 0) throw notPut("what is to be looked at", complaints);
      await put(container, pieces([{ folder: here, paths: files }]), inside, "what is to be looked at");
      sent = files.length;
    }
    const chunks: Buffer[] = [];
    await container.run(Buffer.from(script, "latin1"), (data) => chunks.push(Buffer.from(data)));
    return Buffer.concat(chunks).toString("latin1");
  };
  // Resolves when the engine has been told: work that does not pause would keep it waiting.
  const leave = () => new Promise<void>((resolve) => lifeline.end(() => resolve()));
  try {
    const record = await build.afterwards({ here, inside, ask, leave });
    if (!lifeline.writableEnded) await leave();
    return record;
  } finally {
    removeTree(here);
  }
}

async function fetchOutputs(build: Build, container: StreamedContainer): Promise<void> {
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
async function fetchForShell(build: Build, container: StreamedContainer): Promise<void> {
  try {
    rmSync(build.folder, { recursive: true });
    await fetchFiles(container, { [buildFolder.slice(1)]: build.folder });
  } catch (error) {
    build.log.warn(`the build folder could not be brought back: ${messageOf(error)}`);
  }
}

/** Streams files out of the container to where `targets` says. Complete, or an error. */
async function fetchFiles(container: StreamedContainer, targets: Targets): Promise<void> {
  const unpacker = new Unpacker(targets);
  const script = exportScript(Object.keys(targets));
  const { status, complaints } = await container.run(Buffer.from(script), (data) => unpacker.write(data));
  refuseFound(status, complaints);
  if (status !== 0) {
    throw new VoyagerError("transfer", "files could not be read from the container", {
      why: complaints,
      remedy: "what the container's tar says above tells which file; the engine's own log may tell more",
    });
  }
  unpacker.end();
}

async function put(
  container: StreamedContainer,
  files: Iterable<Buffer>,
  folder: string,
  what: string,
): Promise<void> {
  const { status, complaints } = await container.put(files, folder);
  if (status !== 0) throw notPut(what, complaints.trim() || `status ${status}`);
}

function notPut(what: string, why: string): VoyagerError {
  return new VoyagerError("transfer", `${what} could not be put into the container`, {
    why,
    remedy: /No space left/.test(why)
      ? "the engine's disk is full; `voyager environment prune` frees some"
      : undefined,
  });
}
