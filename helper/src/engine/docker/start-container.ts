/** Creates and starts a container. Whatever happens on the way, none is left that nobody knows of. */
import { randomBytes } from "node:crypto";
import { type Duplex, Readable } from "node:stream";
import {
  type ContainerRequest,
  type ContainerState,
  ImageMissing,
  MountSourceMissing,
  NameTaken,
} from "../engine.ts";
import { containerAnswer, containerList, created, infoAnswer } from "./answers.ts";
import { type Connection, EngineRefusal } from "./connection.ts";
import { DockerContainer, removeContainer } from "./container.ts";
import { createBody } from "./create-body.ts";
import { dialectOf, isGone } from "./dialect.ts";
import { explain } from "./explain.ts";

/**
 * Label of each container, with a value of its own: the answer that tells its id may be lost, or the
 * request may have come to the engine twice.
 */
export const ticketLabel = "nix-voyager.ticket";

/** Milliseconds after which a container may be there whose request was broken off. */
const creationTime = 500;

export async function startContainer(
  connection: Connection,
  request: ContainerRequest,
): Promise<DockerContainer> {
  const id = await create(connection, request);
  let attached: Duplex | undefined;
  const dialect = dialectOf(connection.server);
  try {
    const prepare = async () => request.files && putFiles(connection, id, request.files);
    if (dialect.readsFilesWhenAttached) await prepare();
    // Both must be there before the start: a wait that comes later may miss the end, and output
    // that comes earlier is lost (it is kept nowhere).
    const [stream, waiting] = await Promise.all([
      connection.hijack({
        method: "POST",
        path: `/containers/${id}/attach`,
        // No keys end it: Podman would look for them in what is no keyboard's, too.
        query: { stream: true, stdin: true, stdout: true, stderr: true, detachKeys: "" },
      }),
      connection.open({
        method: "POST",
        path: `/containers/${id}/wait`,
        query: { condition: "next-exit" },
      }),
      dialect.readsFilesWhenAttached ? null : prepare(),
      warn(connection, request),
    ]);
    attached = stream;
    const container = new DockerContainer(connection, id, stream, waiting, request.onOutput);
    if (request.firstInput) stream.write(request.firstInput);
    await connection.done({ method: "POST", path: `/containers/${id}/start` }, 204, 304);
    return container;
  } catch (error) {
    attached?.destroy();
    await removeContainer(connection, id).catch(() => {});
    if (error instanceof EngineRefusal && dialect.isMountSourceMissingLater(error, request)) {
      throw new MountSourceMissing(error.reason);
    }
    throw explain("starting a container", error);
  }
}

/** Tells that limits are not kept: an engine without root takes them, and has nothing to keep them with. */
async function warn(connection: Connection, { limits, onWarning }: ContainerRequest): Promise<void> {
  if (!onWarning || (limits.memory === null && limits.cpus === null)) return;
  const info = await connection.answer({ method: "GET", path: "/info" }, infoAnswer).catch(() => null);
  const isWithout = info?.CgroupDriver === "none" || (info?.Rootless && info.CgroupVersion === "1");
  if (isWithout) onWarning("limits are not kept: an engine without root needs cgroups v2 for them");
}

async function putFiles(connection: Connection, id: string, files: Buffer): Promise<void> {
  const query = { path: "/", noOverwriteDirNonDir: true };
  const stream = Readable.from([files]);
  await connection.done({ method: "PUT", path: `/containers/${id}/archive`, query, stream }, 200);
}

async function create(connection: Connection, request: ContainerRequest): Promise<string> {
  const ticket = randomBytes(8).toString("hex");
  const labels = { ...request.labels, [ticketLabel]: ticket };
  const dialect = dialectOf(connection.server);
  try {
    if (dialect.makesVolumesFirst) await makeVolumes(connection, request);
    const answer = await connection.answer(
      {
        method: "POST",
        path: "/containers/create",
        query: request.name ? { name: request.name } : {},
        body: createBody({ ...request, labels }, dialect),
      },
      created,
    );
    return answer.Id;
  } catch (error) {
    const refused = error instanceof EngineRefusal ? error : null;
    if (refused && dialect.isNameTaken(refused) && request.name) {
      const holder = await holderOf(connection, request.name);
      if (holder?.ticket === ticket) return holder.state.id;
      throw new NameTaken(refused.reason, holder === null ? null : holder?.state);
    }
    if (refused?.status === 404) throw new ImageMissing(refused.reason);
    if (refused && dialect.isMountSourceMissing(refused)) throw new MountSourceMissing(refused.reason);
    if (!refused || refused.status >= 500) await removeUnknown(connection, ticket).catch(() => {});
    throw explain("creating a container", error);
  }
}

/** For engines that would make them without their labels. */
async function makeVolumes(connection: Connection, { volumes = [] }: ContainerRequest): Promise<void> {
  for (const { name, labels } of volumes) {
    const body = { Name: name, Labels: labels };
    await connection.json({ method: "POST", path: "/volumes/create", body });
  }
}

/** Who has a name; null when nobody has it any more, undefined when that is not to be learned. */
async function holderOf(
  connection: Connection,
  name: string,
): Promise<{ state: ContainerState; ticket: string | undefined } | null | undefined> {
  try {
    const answer = await connection.answer(
      { method: "GET", path: `/containers/${encodeURIComponent(name)}/json` },
      containerAnswer,
    );
    const { Id: id, State: state, Config: config } = answer;
    return {
      state: { id, running: state.Running, created: new Date(answer.Created) },
      ticket: config?.Labels?.[ticketLabel],
    };
  } catch (error) {
    return isGone(error) ? null : undefined;
  }
}

/** Removes the container that the engine may have created without our learning of it. */
async function removeUnknown(connection: Connection, ticket: string): Promise<void> {
  for (const delay of [0, creationTime]) {
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const filters = JSON.stringify({ label: [`${ticketLabel}=${ticket}`] });
    const found = await connection.answer(
      { method: "GET", path: "/containers/json", query: { all: true, filters } },
      containerList,
    );
    for (const { Id } of found) await removeContainer(connection, Id);
    if (found.length > 0) return;
  }
}
