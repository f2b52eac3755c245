/** A started container of a Docker engine. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { asVoyagerError, codeOf, messageOf, VoyagerError } from "../../common/errors.ts";
import { Demultiplexer } from "../demultiplex.ts";
import type { ExecRequest, OutputSink, RunningContainer } from "../engine.ts";
import { created, programState } from "./answers.ts";
import { BrokenOff, type Connection, EngineRefusal, type Request } from "./connection.ts";
import { type Dialect, dialectOf, imageId, isEnding, isGone } from "./dialect.ts";
import { deathEvents, deathIn, statusOf } from "./ending.ts";
import { explain } from "./explain.ts";
import { watch } from "./watch.ts";

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

/** By this an image is known to be made by us: what is made from it has its labels, but not its comment. */
export const imageComment = "nix-voyager";

/** Environment as the engine's API wants it. */
export function environmentList(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** Bytes that have passed through a connection, both ways. */
function bytesOf(stream: Duplex): number {
  const { bytesRead = 0, bytesWritten = 0 } = stream as Partial<Socket>;
  return bytesRead + bytesWritten;
}

const runningState = v.object({
  State: v.object({ Running: v.boolean(), Status: v.optional(v.string()) }),
});
/** Milliseconds for which the engine may not yet know how a program ended whose output it has ended. */
const longestNoting = 25_000;

export class DockerContainer implements RunningContainer {
  readonly exit: Promise<number>;
  readonly lifeline: Writable;
  readonly #delivered: Promise<void>;
  readonly #streams: Duplex[];
  /** Gives up waiting for its end. */
  #lose: (error: Error) => void = () => {};

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
  ) {
    this.lifeline = attached;
    this.#streams = [attached];
    this.#delivered = deliverOutput(attached, onOutput);
    const lost = new Promise<never>((_resolve, reject) => {
      this.#lose = reject;
    });
    const status = statusOf(waiting);
    const stop = this.#watchEnd(status, this.#delivered);
    const ended = Promise.all([status, this.#delivered]).then(([code]) => code);
    this.exit = Promise.race([ended, lost]).finally(stop).catch(this.#broken);
    this.exit.catch(() => {}); // whoever awaits it sees the error; nobody has to
  }

  /**
   * Watches that the end will be told. The status and the end of the output come at about the same time;
   * where one stays out, it got lost on its way. What it returns ends that.
   */
  #watchEnd(status: Promise<unknown>, delivered: Promise<unknown>): () => void {
    const { answerTimeout } = this.connection;
    let timer: NodeJS.Timeout | undefined;
    const first = (missing: string) => () => {
      clearTimeout(timer);
      const told = `the engine has told ${missing} of how the container ended`;
      timer = setTimeout(() => this.#lose(new Error(told)), answerTimeout).unref();
    };
    status.then(first("the status, not the end of the output,"), () => {});
    delivered.then(first("the end of the output, not the status,"), () => {});
    const stop = watch({
      every: answerTimeout / 4,
      traffic: () => this.traffic(),
      goesOn: () => this.#isRunning(),
      onLost: this.#lose,
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }

  /** As far as the engine says: one that does not let us ask is taken to know what it does. */
  async #isRunning(): Promise<boolean> {
    try {
      const path = `/containers/${this.id}/json`;
      const { State: state } = await this.connection.answer({ method: "GET", path }, runningState);
      // Its start may take a while. Podman prepares what is attached to.
      return state.Running || ["created", "initialized"].includes(state.Status ?? "");
    } catch (error) {
      if (error instanceof EngineRefusal) return !isGone(error);
      throw error;
    }
  }

  traffic(): number {
    return this.#streams.reduce((sum, stream) => sum + bytesOf(stream), 0);
  }

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
      // All that the engine remembers is told at once: its clock need not be ours, so no moment is named.
      since: 1,
      filters: JSON.stringify({ container: [this.id], event: deathEvents }),
    };
    const events = this.connection.open({ method: "GET", path: "/events", query });
    const told = events.then((stream) => Promise.all([deathIn(stream), this.#delivered]));
    // Where the events or the output break off, or stay out, the wait tells why.
    await Promise.race([told.catch(() => this.exit), this.exit]).finally(() => {
      events.then(
        (stream) => stream.destroy(),
        () => {},
      );
    });
  }

  async exec(request: ExecRequest): Promise<number> {
    const program = await this.#answer(
      "preparing a program",
      {
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
      },
      created,
    );
    const stream = await this.connection
      .hijack({
        method: "POST",
        path: `/exec/${program.Id}/start`,
        body: { Detach: false, Tty: false },
      })
      .catch((error: unknown) => {
        throw explain("starting a program in the container", error);
      });
    this.#streams.push(stream);
    const stop = watch({
      every: this.connection.answerTimeout / 4,
      traffic: () => bytesOf(stream),
      goesOn: async () => (await this.#programState(program.Id)).Running,
      onLost: (error) => stream.destroy(error),
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
      const status = cutOff ? await this.#execStatus(program.Id) : 0;
      if (status !== 0) return status;
      this.#broken(error);
    } finally {
      stop();
    }
    return this.#execStatus(program.Id);
  }

  async #answer<T extends v.GenericSchema>(
    doing: string,
    request: Request,
    schema: T,
  ): Promise<v.InferOutput<T>> {
    try {
      return await this.connection.answer(request, schema);
    } catch (error) {
      throw explain(`${doing} in the container`, error);
    }
  }

  #programState(id: string): Promise<v.InferOutput<typeof programState>> {
    const request: Request = { method: "GET", path: `/exec/${id}/json` };
    return this.#answer("asking after a program", request, programState);
  }

  /** The output may end a moment before the engine has noted the status. */
  async #execStatus(id: string): Promise<number> {
    const deadline = performance.now() + Math.min(longestNoting, this.connection.answerTimeout);
    for (let attempt = 0; attempt === 0 || performance.now() < deadline; attempt++) {
      const state = await this.#programState(id);
      if (!state.Running && state.ExitCode !== null) return state.ExitCode;
      await new Promise((resolve) => setTimeout(resolve, 20 * (attempt + 1)));
    }
    throw new VoyagerError("engine", "the engine does not say how a program in the container ended", {
      remedy: "look at the engine's own log: it may have too much to do",
    });
  }

  async commit(image: { tag: string; labels: Record<string, string> }): Promise<string> {
    const separator = image.tag.lastIndexOf(":");
    const request: Request = {
      method: "POST",
      path: "/commit",
      query: {
        container: this.id,
        repo: image.tag.slice(0, separator),
        tag: image.tag.slice(separator + 1),
        comment: imageComment,
        pause: false,
        ...this.#dialect.commitLabels(image.labels),
      },
      // Given explicitly: otherwise the container's own variables, a proxy's address among them,
      // would stay in the image.
      body: { Labels: image.labels, Env: [], Entrypoint: [], Cmd: ["/bin/sh"], User: "", WorkingDir: "/" },
      lasts: true,
    };
    return imageId((await this.#answer("saving the image of what is", request, created)).Id);
  }

  get #dialect(): Dialect {
    return dialectOf(this.connection.server);
  }

  async outOfMemory(): Promise<boolean> {
    if (!this.#dialect.tellsOutOfMemory) return false;
    const filters = JSON.stringify({ container: [this.id], event: ["oom"] });
    try {
      const query = { since: 1, until: (await this.#engineSeconds()) + 1, filters };
      const events = await this.connection.text({ method: "GET", path: "/events", query });
      return events.includes('"oom"');
    } catch (error) {
      throw explain("asking after the memory limit", error);
    }
  }

  /** Seconds of the engine's clock: ours may be another, or have jumped. Every answer says them in its head. */
  async #engineSeconds(): Promise<number> {
    const answer = (await this.connection.open({ method: "GET", path: "/_ping" })) as IncomingMessage;
    answer.resume();
    return Math.floor(Date.parse(answer.headers.date ?? new Date().toUTCString()) / 1000);
  }

  async kill(): Promise<void> {
    this.lifeline.destroy();
    await removeContainer(this.connection, this.id).catch((error: unknown) => {
      throw explain("removing the container", error);
    });
  }
}

/** Milliseconds between two tries to remove what ends by itself at this moment, and how many there are. */
const [pause, attempts] = [100, 50];

/** Removes a container by force; succeeds when there is none or it is being removed. */
export async function removeContainer(connection: Connection, id: string): Promise<void> {
  const path = `/containers/${encodeURIComponent(id)}`;
  const remove = () => connection.done({ method: "DELETE", path, query: { force: true, v: true } }, 204);
  for (let attempt = 1; ; attempt++) {
    try {
      await remove();
      return;
    } catch (error) {
      if (isGone(error) || (error instanceof EngineRefusal && error.status === 409)) return;
      // It comes when something has failed, and the connection that is used again may have failed with it.
      const again = (error instanceof BrokenOff && attempt === 1) || (isEnding(error) && attempt < attempts);
      if (!again) throw error;
      if (isEnding(error)) await sleep(pause);
    }
  }
}
