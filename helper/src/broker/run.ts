/** Runs the container that a build may have, and stands between the two for as long as it runs. */
import { setTimeout as sleep } from "node:timers/promises";
import { VoyagerError } from "../common/errors.ts";
import { Claim } from "../engine/claim.ts";
import {
  ImageMissing,
  MountSourceMissing,
  type Engine,
  type OutputSink,
  type RunningContainer,
} from "../engine/engine.ts";
import { patience, quietSeconds, slotName } from "../build/slots.ts";
import { type Checked, checkRun } from "./check.ts";
import type { Conversation } from "./conversation.ts";
import { NotThere, PinnedFolders } from "./folders.ts";
import type { Peer } from "./peer.ts";
import type { Policy } from "./policy.ts";
import type { Place, Queue } from "./queue.ts";
import type { RunRequest } from "./requests.ts";

/** What the runs of a broker share. */
export interface Runs {
  engine: Engine;
  policy: Policy;
  queue: Queue;
  /** Images that builds were given. */
  images: Images;
  /** Where folders of builds are mounted for the engine; only root may enter. */
  mountsFolder: string;
  /** What marks containers as this broker's. */
  broker: string;
}

/** Milliseconds for which a build that has ended may still ask what it ended by. */
const longestAftermath = 60_000;
/** Milliseconds between two looks at what a container has written. */
const diskInterval = 10_000;

/** Images of environments by the process that was given them, which is a build's helper. */
export class Images {
  readonly #given = new Map<string, Set<string>>();

  give({ process }: Peer, image: string): void {
    const images = this.#given.get(process) ?? new Set();
    // A build needs one, or another when that has been replaced meanwhile.
    if (images.size >= 16) images.clear();
    this.#given.delete(process);
    this.#given.set(process, images.add(image));
    // Those that were given one longest ago have ended, or have not used it for 10,000 others.
    const [oldest] = this.#given.keys();
    if (this.#given.size > 10_000 && oldest !== undefined) this.#given.delete(oldest);
  }

  of({ process }: Peer): ReadonlySet<string> {
    return this.#given.get(process) ?? new Set();
  }
}

/**
 * Checks, waits for its turn, runs. Resolves with how it ended, for the trail. Throws Refused; errors that are the
 * build's to know it has told already.
 */
export async function run(
  runs: Runs,
  request: RunRequest,
  peer: Peer,
  conversation: Conversation,
  onAllowed: () => void,
): Promise<string> {
  const { policy, mountsFolder } = runs;
  const pinned = new PinnedFolders(mountsFolder);
  try {
    const checked = checkRun(
      { request, peer, images: runs.images.of(peer), policy, broker: runs.broker },
      pinned,
    );
    onAllowed();
    const place = await enter(runs.queue, checked, conversation);
    if (!place) return "it went while it waited";
    // It may have waited for long: what was its own then, may be Nix's or another's by now.
    const check = () => {
      peer.requireAlive();
      pinned.verify();
    };
    const container = await start(runs, checked, place, conversation, check);
    if (!container) {
      place.release();
      return "it went while it waited";
    }
    // What the engine has mounted, it keeps.
    pinned.release();
    const released = container.exit.catch(() => {}).finally(() => place.release());
    const how = await accompany(runs, container, conversation);
    await released;
    return how;
  } catch (error) {
    const missing = missingOf(error);
    if (!missing) throw error;
    conversation.tell(missing);
    return missing.message;
  } finally {
    pinned.release();
  }
}

function missingOf(error: unknown) {
  const { message } = error as Error;
  if (error instanceof ImageMissing) return { event: "missing", what: "image", message } as const;
  if (error instanceof NotThere || error instanceof MountSourceMissing) {
    return { event: "missing", what: "mount", message } as const;
  }
  return null;
}

/** Waits for a place, and says that it does. */
async function enter(queue: Queue, checked: Checked, conversation: Conversation): Promise<Place | null> {
  const entering = queue.enter(checked.limits.memory ?? 0, conversation.gone);
  const tell = () => conversation.tell({ event: "queued", limit: queue.limit });
  if (queue.length > 0) tell();
  const timer = setInterval(tell, quietSeconds * 1000);
  return entering.finally(() => clearInterval(timer));
}

/** Starts it under the place's name, which a helper without a broker may have: then it waits. */
async function start(
  { engine }: Runs,
  checked: Checked,
  place: Place,
  conversation: Conversation,
  check: () => void,
): Promise<RunningContainer | null> {
  const claim = new Claim(engine, slotName(place.number));
  const onOutput: OutputSink = (stream, data) => conversation.output(stream, data);
  try {
    while (!conversation.gone.aborted) {
      const begin = performance.now();
      check();
      const container = await claim.start({ ...checked, onOutput });
      if (container) {
        try {
          check();
        } catch (error) {
          await container.kill();
          throw error;
        }
        conversation.tell({ event: "started", seconds: (performance.now() - begin) / 1000 });
        return container;
      }
      // A build without the broker has it, or the one before is not quite gone.
      await engine.whenGone(claim.name, patience);
    }
    return null;
  } catch (error) {
    place.release();
    throw error;
  }
}

/** Until it has ended or its build has gone. */
async function accompany(
  runs: Runs,
  container: RunningContainer,
  conversation: Conversation,
): Promise<string> {
  const limits = watchLimits(runs, container, conversation);
  let asked: Promise<void> = Promise.resolve();
  let isKilled = false;
  conversation.listen({
    onInput: (data) =>
      new Promise((resolve, reject) => {
        container.lifeline.write(data, (error) => (error ? reject(error) : resolve()));
      }),
    onInputEnd: () => container.lifeline.end(),
    onKill: () => {
      isKilled = true;
      container.kill().catch(() => {});
    },
    onOutOfMemory: () => {
      asked = container.outOfMemory().then(
        (value) => conversation.tell({ event: "outOfMemory", value }),
        (error: unknown) => conversation.fail(error),
      );
    },
  });
  const gone = new Promise<void>((resolve) => conversation.whenGone(resolve));
  // What it was ended by is no news to who had it ended.
  const endedBy = (error: unknown) => {
    if (!isKilled || limits.broken()) conversation.fail(limits.broken() ?? error);
    return "it was ended";
  };
  let isOver = false;
  container.whenEnded().then(
    () => {
      isOver = true;
      conversation.tell({ event: "ended" });
    },
    () => {}, // the exit tells why
  );
  const exit = container.exit.then((status) => {
    conversation.tell({ event: "exit", status });
    return `status ${status}`;
  }, endedBy);
  try {
    const first = await Promise.race([exit, gone.then(() => null)]);
    // It may still want to know whether there was not enough memory.
    if (first !== null) {
      await Promise.race([gone, sleep(longestAftermath, undefined, { ref: false })]);
      await asked;
      return limits.broken()?.what ?? first;
    }
    if (!isOver) return limits.broken()?.what ?? "its build went, so it was ended";
    // A build that has all it wants does not wait until the engine has tidied up, which tells the status.
    return await Promise.race([exit, sleep(longestAftermath, "its status is not known", { ref: false })]);
  } finally {
    limits.stop();
    if (!isOver) await container.kill().catch(() => {});
  }
}

/** Ends a container that takes longer or writes more than it may. */
function watchLimits({ engine, policy }: Runs, container: RunningContainer, conversation: Conversation) {
  const { seconds, disk } = policy.perBuild;
  let broken: VoyagerError | null = null;
  const end = (what: string) => {
    broken = new VoyagerError("killed", what, {
      remedy: "the administrator sets this limit in the broker's policy (perBuild)",
    });
    conversation.fail(broken);
    container.kill().catch(() => {});
  };
  const timer = setTimeout(
    () => end(`the build took more than the ${seconds} s that the broker allows`),
    seconds * 1000,
  );
  const diskTimer = setInterval(async () => {
    const size = await engine.containerSize(container.id).catch(() => 0);
    if (size > disk && !broken) {
      end(
        `the build wrote ${Math.round(size / 1e6)} MB outside of its folders, where the broker allows ${Math.round(disk / 1e6)} MB`,
      );
    }
  }, diskInterval);
  return {
    broken: () => broken,
    stop: () => {
      clearTimeout(timer);
      clearInterval(diskTimer);
    },
  };
}
