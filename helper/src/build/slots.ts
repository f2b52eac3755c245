/**
 * How many builds run at once on one engine. Nix's own limit (max-jobs) is each machine's; an engine
 * may serve several, and people who start builds at once. Each build that runs has one of a number of
 * names (see engine/claim.ts), so that no service has to count them.
 */
import { type Log, secondsSince } from "../common/log.ts";
import { Claim } from "../engine/claim.ts";
import type { ContainerRequest, Engine, RunningContainer } from "../engine/engine.ts";
import { labels } from "../environment/labels.ts";

/** Milliseconds to wait for one build's end before others are looked at. */
export const patience = 2000;
/** Seconds after which the log says again that we wait: Nix may end builds that are silent. */
export const quietSeconds = 60;

/** Name of the container that has a place. @param slot from 1 */
export const slotName = (slot: number) => `nix-voyager-build-${slot}`;

/** What is needed of a build to start its container. */
interface Start {
  engine: Engine;
  /** Builds that may run at once. */
  limit: number;
  log: Log;
}

/**
 * Starts a build's container as soon as the engine has less than `limit` of them. Throws what
 * `Engine.start` throws.
 */
export async function startInSlot(
  { engine, limit, log }: Start,
  request: Omit<ContainerRequest, "name">,
): Promise<RunningContainer> {
  const claims = Array.from({ length: limit }, (_, slot) => new Claim(engine, slotName(slot + 1)));
  // One that is taken costs a request; with most of them free, a random one seldom is.
  let claim = anyOf(claims);
  const begin = performance.now();
  let told = Number.NEGATIVE_INFINITY;
  for (;;) {
    const attempt = performance.now();
    const container = await claim.start({ ...request, onWarning: (text) => log.warn(text) });
    if (container) {
      if (told > 0) log.info({ seconds: secondsSince(begin) }, "waited for other builds to end");
      log.info({ seconds: secondsSince(attempt) }, "container started");
      return container;
    }
    const taken = (await engine.containers(labels.container)).map(({ name }) => name);
    const free = claims.filter(({ name }) => !taken.includes(name));
    claim = anyOf(free.length > 0 ? free : claims);
    if (free.length > 0) continue;
    if (secondsSince(told) > quietSeconds) {
      log.info(`the engine runs ${limit} builds, as many as it may: waiting`);
      told = performance.now();
    }
    await engine.whenGone(claim.name, patience);
  }
}

function anyOf(claims: Claim[]): Claim {
  return claims[Math.floor(Math.random() * claims.length)] as Claim;
}
