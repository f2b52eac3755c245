/** A build's way to the engine by the broker. */
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Writable } from "node:stream";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { announcePhase, type Log, secondsSince, writeToStderr } from "../common/log.ts";
import { type Note, noted } from "../build/attend.ts";
import type { BuildContainer, BuildEngine, BuildRequest } from "../build/build-engine.ts";
import { ImageMissing, MountSourceMissing, type OutputSink } from "../engine/engine.ts";
import { brokerSocket } from "../engine/locate.ts";
import type { Environment, EnvironmentRequest } from "../environment/environments.ts";
import { asks, frame, FrameReader, longestFrame, tells } from "./frames.ts";
import { type BrokerEvent, parseEvent, protocolVersion } from "./requests.ts";

/** Whether this machine has a broker, as builds see it. */
export function hasBroker(socket = brokerSocket): boolean {
  return existsSync(socket);
}

/** An environment's record can be large; nothing else is. */
const longestEvent = 64 * 1024 * 1024;

const limits: Record<number, number> = {
  [tells.stdout]: longestFrame,
  [tells.stderr]: longestFrame,
  [tells.event]: longestEvent,
};

/** A broker that has just started asks to come again, for a second: milliseconds between, and how often at most. */
const [pause, mostAttempts] = [200, 50];

/** One request and its answers. */
class Call {
  /** Rejects when the connection ends before that is expected. */
  readonly lost: Promise<never>;
  #lose: (error: Error) => void = () => {};
  #socket: Socket;
  #attempts = 0;

  constructor(
    private readonly address: string,
    private readonly request: object,
    private readonly onEvent: (event: BrokerEvent) => void,
    private readonly onOutput: OutputSink = () => {},
  ) {
    this.lost = new Promise<never>((_resolve, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => {});
    this.#socket = this.#connect();
  }

  /** The connection: another one, when the broker has asked to come again. */
  get socket(): Socket {
    return this.#socket;
  }

  #connect(): Socket {
    const socket = connect(this.address);
    let isLeft = false;
    const reader = new FrameReader(
      (kind) => limits[kind],
      (kind, payload) => {
        if (kind !== tells.event) return this.onOutput(kind === tells.stdout ? 1 : 2, payload);
        const event = parseEvent(payload);
        if (event.event !== "again" || ++this.#attempts > mostAttempts) return this.#take(event);
        isLeft = true;
        socket.destroy();
        setTimeout(() => {
          this.#socket = this.#connect();
        }, pause);
      },
    );
    const lost = (error: Error) => {
      if (!isLeft) this.fail(this.#explain(error));
    };
    socket.on("data", (data: Buffer) => {
      try {
        reader.write(data);
      } catch (error) {
        this.fail(error instanceof VoyagerError ? error : this.#senseless(error));
      }
    });
    socket.on("error", lost);
    socket.on("close", () => lost(new Error("the broker closed the connection")));
    socket.write(frame(asks.request, JSON.stringify({ version: protocolVersion, ...this.request })));
    return socket;
  }

  #senseless(error: unknown): VoyagerError {
    return new VoyagerError("engine", `what the broker at ${this.address} says makes no sense`, {
      why: messageOf(error),
      remedy:
        "the broker and nix-voyager are of different versions, or it is no broker: start it again from this nix-voyager",
    });
  }

  /** Ends it with an error, for whoever waits. */
  fail(error: Error): void {
    this.#lose(error);
    this.#socket.destroy();
  }

  #take(event: BrokerEvent): void {
    if (event.event === "error") {
      const { kind, what, why, remedy } = event;
      this.fail(new VoyagerError(kind, what, { ...(why ? { why } : {}), ...(remedy ? { remedy } : {}) }));
    } else if (event.event === "missing") {
      this.fail(
        event.what === "image" ? new ImageMissing(event.message) : new MountSourceMissing(event.message),
      );
    } else this.onEvent(event);
  }

  #explain(error: Error): VoyagerError {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") {
      return new VoyagerError("engine-unavailable", `permission denied at ${this.address}`, {
        why: messageOf(error),
        remedy:
          "builds must run as Nix's build users, whose group the socket must have; `voyager doctor` checks it",
      });
    }
    if (code === "ENOENT" || code === "ECONNREFUSED") {
      return new VoyagerError("engine-unavailable", `no broker answers at ${this.address}`, {
        why: messageOf(error),
        remedy:
          "start it: systemctl start nix-voyager-broker, or ./setup/quickstart; `voyager doctor` checks it",
      });
    }
    return new VoyagerError("engine", "the connection to the broker was lost", {
      why: messageOf(error),
      remedy:
        "start it again and build again: it was stopped in the middle of the build, and its log may say why",
    });
  }
}

/** Asks the broker for what a build needs; `start` and `ensureEnvironment` throw as those of DirectEngine do. */
export class BrokerClient implements BuildEngine {
  constructor(private readonly socket = brokerSocket) {}

  async ensureEnvironment(
    { system, layers, maxAge, lock }: EnvironmentRequest,
    log: Log,
  ): Promise<Environment> {
    const request = { want: "environment", system, layers, maxAge, lock: lock ?? null };
    let call: Call | undefined;
    const answered = new Promise<Environment>((resolve) => {
      call = new Call(this.socket, request, (event) => {
        if (event.event === "log") this.#log(event, log);
        else if (event.event === "output") writeToStderr(event.text);
        else if (event.event === "environment") resolve(event.environment);
      });
    });
    const made = call as unknown as Call;
    const environment = await Promise.race([answered, made.lost]);
    made.socket.end();
    return environment;
  }

  #log({ level, message, seconds, phase }: Extract<BrokerEvent, { event: "log" }>, log: Log): void {
    if (phase) announcePhase(phase);
    log[level](seconds === undefined ? {} : { seconds }, message);
  }

  /** Of what the broker starts to make an environment, it knows itself. */
  noting(note: Note): BuildEngine {
    return noted<BuildEngine>(this, note);
  }

  /** The broker does. */
  sweep(): void {}

  async start(request: BuildRequest, log: Log): Promise<BuildContainer> {
    const { image, command, env, mounts, network, limits, firstInput, onOutput } = request;
    const foundations = request.foundations.map(({ path, mode, owner, content }) => ({
      path,
      mode,
      owner: owner.uid === 0 ? "root" : "build",
      content,
    }));
    const asked = { want: "run", image, command, env, mounts, foundations, network, limits, firstInput };
    const begin = performance.now();
    const container = new BrokerContainer(this.socket, asked, onOutput, log);
    const { seconds } = await container.started;
    // What is more than that was spent waiting for other builds.
    const waited = secondsSince(begin) - seconds;
    if (container.wasQueued) log.info({ seconds: waited }, "waited for other builds to end");
    log.info({ seconds }, "container started");
    return container;
  }
}

/** A promise, and what settles it. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

class BrokerContainer implements BuildContainer {
  readonly started: Promise<{ seconds: number }>;
  readonly exit: Promise<number>;
  readonly lifeline: Writable;
  wasQueued = false;
  readonly #call: Call;
  readonly #ended = deferred<void>();
  readonly #memory = deferred<boolean>();

  constructor(address: string, request: object, onOutput: OutputSink, log: Log) {
    const started = deferred<{ seconds: number }>();
    const exit = deferred<number>();
    this.#call = new Call(
      address,
      request,
      (event) => {
        if (event.event === "started") started.resolve(event);
        else if (event.event === "exit") exit.resolve(event.status);
        else if (event.event === "ended") this.#ended.resolve();
        else if (event.event === "outOfMemory") this.#memory.resolve(event.value);
        else if (event.event === "queued") {
          this.wasQueued = true;
          log.info(`the engine runs ${event.limit} builds, as many as it may: waiting`);
        }
      },
      onOutput,
    );
    this.started = Promise.race([started.promise, this.#call.lost]);
    this.exit = Promise.race([exit.promise, this.#call.lost]);
    for (const promise of [this.started, this.exit]) promise.catch(() => {});
    const call = this.#call;
    this.lifeline = new Writable({
      // The connection is still needed when the input has ended.
      autoDestroy: false,
      write: (data: Buffer, _encoding, callback) => {
        for (let at = 0; at < data.length; at += longestFrame) {
          const isLast = at + longestFrame >= data.length;
          call.socket.write(
            frame(asks.input, data.subarray(at, at + longestFrame)),
            isLast ? callback : undefined,
          );
        }
        if (data.length === 0) callback();
      },
      final: (callback) => {
        call.socket.write(frame(asks.inputEnd), callback);
      },
      destroy: (error, callback) => {
        call.socket.destroy();
        callback(error);
      },
    });
    this.lifeline.on("error", () => {}); // `exit` says the same
  }

  traffic(): number {
    const { bytesRead, bytesWritten } = this.#call.socket;
    return bytesRead + bytesWritten;
  }

  async whenEnded(): Promise<void> {
    await Promise.race([this.#ended.promise, this.exit]);
  }

  async outOfMemory(): Promise<boolean> {
    if (!this.#call.socket.writable) return false;
    this.#call.socket.write(frame(asks.outOfMemory));
    return Promise.race([this.#memory.promise, this.#call.lost]);
  }

  /** It is not waited for: when we are gone, the broker ends it in any case. What is known of it can still be asked. */
  async kill(): Promise<void> {
    if (this.#call.socket.writable) this.#call.socket.write(frame(asks.kill));
  }
}
