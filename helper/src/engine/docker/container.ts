/** A started container of a Docker engine. */
import type { Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { asVoyagerError, codeOf, messageOf, VoyagerError } from "../../common/errors.ts";
import { Demultiplexer } from "../demultiplex.ts";
import type { ExecRequest, OutputSink, RunningContainer } from "../engine.ts";
import { type Connection, EngineRefusal, readWhole, type Request } from "./connection.ts";
import { deathEvents, deathIn, statusOf } from "./ending.ts";
import { dialectOf, isEnding, isGone } from "./dialect.ts";
import { explain } from "./explain.ts";

/** Feeds a multiplexed stream to `sink` until it ends. Rejects when it breaks off. */
export function deliverOutput(stream: Readable, sink: OutputSink): Promise<void> {
  let busy: Promise<void>[] = [];
  const demultiplexer = new Demultiplexer((number, data) => {
    const taken = sink(number, data);
    if (taken) busy.push(taken);
  });
  return new Promise((resolve, reject) => {
    stream.on("data", (data: Buffer) => {
      try {
        demultiplexer.write(data);
        if (busy.length === 0) return;
        stream.pause();
        Promise.all(busy).then(() => stream.resume(), reject);
        busy = [];
      } catch (error) {
        stream.destroy();
        reject(error);
      }
    });
    stream.on("error", reject);
    stream.on("end", () => {
      try {
        demultiplexer.end();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    stream.on("close", () => reject(new Error("the engine closed the output stream")));
  });
}

/** Environment as the engine's API wants it. */
export function environmentList(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

export class DockerContainer implements RunningContainer {
  readonly exit: Promise<number>;
  readonly #delivered: Promise<void>;

  /**
   * @param attached the hijacked connection to process 1
   * @param waiting the open answer of a `wait` with `condition=next-exit`
   */
  constructor(
    private readonly connection: Connection,
    readonly id: string,
    attached: Duplex,
    waiting: Readable,
    onOutput: OutputSink,
    private readonly startedAt: number,
    private readonly dialect = dialectOf(connection.server),
  ) {
    this.lifeline = attached;
    this.#delivered = deliverOutput(attached, onOutput);
    this.exit = Promise.all([statusOf(waiting), this.#delivered]).then(([status]) => status, this.#broken);
    this.exit.catch(() => {}); // whoever awaits it sees the error; nobody has to
  }

  readonly lifeline: Writable;

  readonly #broken = (error: unknown): never => {
    // A sink that refuses what it is given throws its own error, which is not the engine's.
    const known = asVoyagerError(error);
    if (known.kind !== "internal") throw known;
    throw new VoyagerError("engine", "the connection to the running container was lost", {
      why: messageOf(error),
      remedy: "look at the engine's own log: it may have been restarted in the middle of the build",
      cause: error,
    });
  };

  async whenEnded(): Promise<void> {
    const query = {
      // Events since then are told at once.
      since: Math.floor(this.startedAt / 1000) - 1,
      filters: JSON.stringify({ container: [this.id], event: deathEvents }),
    };
    const events = await this.connection.open({ method: "GET", path: "/events", query }).catch(() => null);
    const told = events ? Promise.all([deathIn(events), this.#delivered]) : this.exit;
    // Where the events or the output break off, the wait tells why.
    await Promise.race([told.catch(() => this.exit), this.exit]).finally(() => events?.destroy());
  }

  async exec(request: ExecRequest): Promise<number> {
    const created = (await this.#json("preparing a program", {
      method: "POST",
      path: `/containers/${this.id}/exec`,
      body: {
        AttachStdin: request.input !== null,
        AttachStdout: true,
        AttachStderr: true,
        Cmd: request.command,
        Env: environmentList(request.env),
        User: request.user,
        WorkingDir: request.workingDirectory,
      },
    })) as { Id: string };
    const stream = await this.connection
      .hijack({
        method: "POST",
        path: `/exec/${created.Id}/start`,
        body: { Detach: false, Tty: false },
      })
      .catch((error: unknown) => {
        throw explain("starting a program in the container", error);
      });
    try {
      await Promise.all([
        deliverOutput(stream, request.onOutput),
        request.input ? pipeline(request.input, stream) : Promise.resolve(stream.end()),
      ]);
    } catch (error) {
      stream.destroy();
      // A program that ends before it has read its input breaks the connection, too.
      const cutOff = ["EPIPE", "ECONNRESET"].includes(codeOf(error) ?? "");
      const status = cutOff ? await this.#execStatus(created.Id) : 0;
      if (status !== 0) return status;
      this.#broken(error);
    }
    return this.#execStatus(created.Id);
  }

  async #json(doing: string, request: Request): Promise<unknown> {
    try {
      return await this.connection.json(request);
    } catch (error) {
      throw explain(`${doing} in the container`, error);
    }
  }

  /** The output may end a moment before the engine has noted the status. */
  async #execStatus(id: string): Promise<number> {
    for (let attempt = 0; attempt < 50; attempt++) {
      const state = (await this.#json("asking after a program", {
        method: "GET",
        path: `/exec/${id}/json`,
      })) as {
        Running: boolean;
        ExitCode: number | null;
      };
      if (!state.Running && state.ExitCode !== null) return state.ExitCode;
      await new Promise((resolve) => setTimeout(resolve, 20 * (attempt + 1)));
    }
    throw new VoyagerError("engine", "the engine does not say how a program in the container ended");
  }

  async commit(image: { tag: string; labels: Record<string, string> }): Promise<string> {
    const separator = image.tag.lastIndexOf(":");
    const answer = (await this.#json("saving the image of what is", {
      method: "POST",
      path: "/commit",
      query: {
        container: this.id,
        repo: image.tag.slice(0, separator),
        tag: image.tag.slice(separator + 1),
        pause: false,
        ...this.dialect.commitLabels(image.labels),
      },
      // Given explicitly: otherwise the container's own variables, a proxy's address among them,
      // would stay in the image.
      body: { Labels: image.labels, Env: [], Entrypoint: [], Cmd: ["/bin/sh"], User: "", WorkingDir: "/" },
    })) as { Id: string };
    // Podman tells it without what kind of hash it is.
    return answer.Id.replace(/^(?=[0-9a-f]{64}$)/, "sha256:");
  }

  async outOfMemory(): Promise<boolean> {
    if (!this.dialect.tellsOutOfMemory) return false;
    const filters = JSON.stringify({ container: [this.id], event: ["oom"] });
    const since = Math.floor(this.startedAt / 1000) - 1;
    const until = Math.ceil(Date.now() / 1000) + 1;
    try {
      const query = { since, until, filters };
      const events = await this.connection.open({ method: "GET", path: "/events", query });
      return (await readWhole(events)).includes('"oom"');
    } catch (error) {
      throw explain("asking after the memory limit", error);
    }
  }

  async kill(): Promise<void> {
    this.lifeline.destroy();
    await removeContainer(this.connection, this.id).catch((error: unknown) => {
      throw explain("removing the container", error);
    });
  }
}

/** Milliseconds between two attempts to remove a container that ends by itself, and how many there are. */
const [pause, attempts] = [100, 50];

/** Removes a container by force; succeeds when there is none or it is being removed. */
export async function removeContainer(connection: Connection, id: string): Promise<void> {
  const path = `/containers/${encodeURIComponent(id)}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.json({ method: "DELETE", path, query: { force: true, v: true } });
      return;
    } catch (error) {
      if (isGone(error) || (error instanceof EngineRefusal && error.status === 409)) return;
      if (!isEnding(error) || attempt === attempts) throw error;
      await sleep(pause);
    }
  }
}
