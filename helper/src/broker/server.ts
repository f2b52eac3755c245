/**
 * The broker: gives builds of this machine's Nix what they need of the engine, and no more. Each connection is one
 * request (frames.ts, requests.ts), of a peer whom the kernel names (peer.ts), and is decided over by the
 * administrator's policy (policy.ts, check.ts, environments.ts).
 */
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import pino from "pino";
import type { Group } from "../common/accounts.ts";
import { messageOf, VoyagerError } from "../common/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { labels } from "../environment/labels.ts";
import { sweep } from "../environment/sweep.ts";
import { AtOnce, Rate } from "./client-limits.ts";
import { Conversation } from "./conversation.ts";
import { checkEnvironment, makeEnvironment } from "./environments.ts";
import { removeLeftPlaces } from "./folders.ts";
import { frame, tells } from "./frames.ts";
import { identify, type Peer, processMark, requireGroup } from "./peer.ts";
import type { Policy } from "./policy.ts";
import { Queue } from "./queue.ts";
import { type BrokerRequest, Refused } from "./requests.ts";
import { Images, run } from "./run.ts";
import type { Entry, Trail } from "./trail.ts";

export interface BrokerOptions {
  engine: Engine;
  policy: Policy;
  /** Builds that may run at once. */
  maxBuilds: number;
  trail: Trail;
  /** Where folders of builds are mounted for the engine; made, for root only. */
  mountsFolder: string;
}

/** One broker. Listen once, then drain once. */
export class Broker {
  readonly #server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    const serving: Promise<void> = this.#accept(socket).finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  });
  readonly #open = new Set<Socket>();
  readonly #serving = new Set<Promise<void>>();
  readonly #connections: AtOnce;
  readonly #rate: Rate;
  /** What each user has of either kind of request. */
  readonly #wanted: Record<BrokerRequest["want"], AtOnce>;
  readonly #builds: Queue;
  readonly #environments: Queue;
  readonly #images = new Images();
  readonly #group: Group;
  /** Until then connections are taken that may have waited. */
  #waitedUntil = 0;
  readonly #mark = processMark(process.pid) ?? "";
  #count = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: BrokerOptions) {
    const { perBuild, inAll, group } = options.policy;
    this.#connections = new AtOnce(perBuild.connections, "connections");
    this.#rate = new Rate(perBuild.requestsPerSecond);
    this.#wanted = {
      run: new AtOnce(perBuild.containers, "containers"),
      environment: new AtOnce(perBuild.environments, "environments in the making"),
    };
    this.#builds = new Queue(inAll.builds ?? options.maxBuilds, inAll.memory);
    this.#environments = new Queue(inAll.environments);
    this.#group = requireGroup(group);
  }

  /**
   * Listens at a path, of which it takes the place of whoever listened there before: that one goes on with the
   * connections it has.
   */
  async listen(path: string): Promise<void> {
    await this.#begin();
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const made = `${path}.${process.pid}`;
    rmSync(made, { force: true });
    await this.#listen({ path: made });
    chownSync(made, process.getuid?.() ?? 0, this.#group.gid);
    chmodSync(made, 0o660);
    renameSync(made, path);
    // For who would end it, or start another.
    writeFileSync(join(dirname(path), "broker.pid"), `${process.pid}\n`);
  }

  /**
   * Listens at a socket that is there already, and stays when this broker ends: whoever comes then waits for the next.
   * Whoever has waited is asked to come again. The kernel tells the peer as it was when it connected, and while nobody
   * took the connection the process may have ended, and its number and its user may have become another build's.
   */
  async listenAt(fd: number): Promise<void> {
    await this.#begin();
    this.#waitedUntil = performance.now() + backlogMilliseconds;
    await this.#listen({ fd });
  }

  async #begin(): Promise<void> {
    removeLeftPlaces(this.options.mountsFolder);
    await this.#endLeft();
    await this.#sweep();
    this.#timers = [
      setInterval(() => void this.#sweep(), sweepInterval),
      ...lateLooks.map((after) => setTimeout(() => void this.#lookAgain(), after)),
    ];
  }

  #listen(where: { path: string } | { fd: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(where, resolve);
    });
  }

  /** Removes what killed builds have left. An engine that is away is asked again. */
  async #sweep(): Promise<void> {
    const { engine, trail } = this.options;
    try {
      const { containers, images } = await sweep(engine, silent);
      if (containers + images > 0) trail.note("removed what killed builds had left", { containers, images });
    } catch (error) {
      trail.trouble(`not swept: ${messageOf(error)}`);
    }
  }

  /** Ends containers of brokers that were killed. Most end by themselves then; one whose build does not let it, goes on. */
  async #endLeft(): Promise<void> {
    const { engine, trail } = this.options;
    for (const { name, labels: has } of await engine.containers(labels.broker)) {
      const mark = has[labels.broker];
      // An image of ours has the label, too, but empty: see where environments are made.
      if (!mark) continue;
      if (processMark(Number(mark.split(":")[0])) === mark) continue;
      trail.note("a container is ended whose broker is gone", { name });
      await engine.removeContainer(name);
    }
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#endLeft();
    } catch (error) {
      this.options.trail.trouble(`did not look for containers whose broker is gone: ${messageOf(error)}`);
    }
  }

  /** Takes no more connections, and resolves when those that are open have ended, and their containers with them. */
  async drain(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await Promise.allSettled([...this.#serving]);
  }

  /** Ends all at once. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Connections that are open. */
  get size(): number {
    return this.#open.size;
  }

  async #accept(socket: Socket): Promise<void> {
    if (performance.now() < this.#waitedUntil) {
      socket.on("error", () => {});
      socket.end(frame(tells.event, JSON.stringify({ event: "again" })));
      return;
    }
    const conversation = new Conversation(socket);
    const entry: Entry = { connection: ++this.#count, peer: null, isAllowed: false };
    let request: BrokerRequest | null = null;
    let stopWatching = () => {};
    try {
      const peer = identify(socket, this.#group);
      entry.peer = peer;
      stopWatching = watch(peer, conversation);
      // One user's many connections are refused as that user's, and are not counted against the others.
      socket.once("close", this.#connections.enter(peer.uid));
      this.#rate.take(peer.uid);
      if (this.#open.size >= this.options.policy.inAll.connections)
        throw new Refused("too many connections are open");
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
      request = await conversation.request();
      peer.requireAlive();
      // Until it has gone, which may be before all of it is tidied up: its user's next build must not wait for that.
      conversation.whenGone(this.#wanted[request.want].enter(peer.uid));
      await this.#serve(entry, peer, request, conversation);
    } catch (error) {
      this.#explain(entry, request, conversation, error);
    } finally {
      stopWatching();
      conversation.end();
    }
  }

  async #serve(entry: Entry, peer: Peer, request: BrokerRequest, conversation: Conversation): Promise<void> {
    const { engine, policy, trail, mountsFolder } = this.options;
    if (request.want === "run") {
      const runs = {
        engine,
        policy,
        mountsFolder,
        queue: this.#builds,
        images: this.#images,
        broker: this.#mark,
      };
      const how = await run(runs, request, peer, conversation, () => trail.allowed(entry, request));
      trail.ended(entry, { ended: how });
      return;
    }
    const allowed = checkEnvironment(request, policy);
    trail.allowed(entry, request);
    const place = await this.#environments.enter(0, conversation.gone);
    if (!place) return trail.ended(entry, { ended: "it went while it waited" });
    try {
      const environment = await makeEnvironment(engine, allowed, policy, this.#mark, conversation);
      this.#images.give(peer, environment.image);
      trail.ended(entry, { image: environment.image });
      conversation.tell({ event: "environment", environment });
    } finally {
      place.release();
    }
  }

  /** Tells the client and the trail what went wrong. */
  #explain(entry: Entry, request: BrokerRequest | null, conversation: Conversation, error: unknown): void {
    const { trail } = this.options;
    if (error instanceof Refused) {
      trail.refused(entry, error.message, request);
      conversation.fail(
        new VoyagerError("engine", "the broker refused what the build asked for", {
          why: error.message,
          remedy: error.remedy,
        }),
      );
    } else if (entry.isAllowed && conversation.gone.aborted) {
      trail.ended(entry, { ended: "it went" });
    } else if (error instanceof VoyagerError) {
      const { what, details } = error;
      const why = details.why ? `${what}: ${details.why}` : what;
      if (entry.isAllowed) trail.ended(entry, { failed: why });
      else trail.refused(entry, why, request);
      conversation.fail(error);
    } else {
      trail.trouble(messageOf(error), { stack: (error as Error).stack, connection: entry.connection });
      conversation.fail(error);
    }
  }
}

/** What is swept, the trail tells. With a destination, as the bundle has none of pino's own. */
const silent = pino({ level: "silent" }, { write() {} });
/** Milliseconds between two looks for what killed builds have left. */
const sweepInterval = 60_000;
/**
 * Milliseconds after its start at which a broker looks again for containers of the one before: the engine makes what it
 * was asked for also when who asked is gone, and a container that is made and never started keeps its place from others.
 */
export const lateLooks = [500, 1000, 2000, 3000, 4000, 6000, 10_000];
/** In which all connections are taken that waited for this broker. */
const backlogMilliseconds = 1000;
/** Milliseconds between two looks at whether the process still lives. */
const watchInterval = 1000;

/** Ends the conversation when the process that connected has ended: the connection may have been handed on. */
function watch(peer: Peer, conversation: Conversation): () => void {
  const timer = setInterval(() => {
    try {
      peer.requireAlive();
    } catch {
      conversation.leave();
    }
  }, watchInterval);
  return () => {
    clearInterval(timer);
    peer.release();
  };
}
