/**
 * Removes what builds have left on the engine that could not tidy up: a container that was made and, as its
 * helper was killed in that moment, never started; one that a crashed engine could not remove; an image
 * that has no name, because its maker was killed before it got one or because another has taken its place.
 *
 * All else needs no sweeping: a container that runs ends with its helper, and the engine removes it. So
 * this is not in anybody's way: it is done beside builds (and by the broker), and never waited for.
 */
import type { Log } from "../common/log.ts";
import { labels } from "./labels.ts";
import { abandonedAfter } from "../engine/claim.ts";
import type { Engine, IdleContainer, Image } from "../engine/engine.ts";

/** How many things were removed. */
export interface Swept {
  containers: number;
  images: number;
}

/**
 * Sweeps once: two requests where there is nothing to do. What may belong to a living build stays, whichever
 * machine that runs on: a container that is about to start, an image that is about to get its name.
 */
export async function sweep(engine: Engine, log: Log): Promise<Swept> {
  const [containers, images] = await Promise.all([
    engine.idleContainers(labels.container),
    engine.unnamedImages(labels.kind),
  ]);
  const swept: Swept = { containers: 0, images: 0 };
  if (containers.length + images.length === 0) return swept;
  // By the engine's own clock, as its dates are: ours may be another.
  const { time } = await engine.info();
  const isOld = (since: Date) => time !== null && time.getTime() - since.getTime() > abandonedAfter;
  for (const one of containers) {
    if (isOld(one.since) && (await removeContainer(engine, one))) swept.containers++;
  }
  for (const one of images) {
    if (isOld(one.created) && (await removeImage(engine, one))) swept.images++;
  }
  if (swept.containers + swept.images > 0) {
    log.info(`removed what killed builds had left: ${swept.containers} containers, ${swept.images} images`);
  }
  return swept;
}

async function removeContainer(engine: Engine, { id, labels: has }: IdleContainer): Promise<boolean> {
  // An image has the label as well, but empty: see where environments are made.
  if (!has[labels.container]) return false;
  await engine.removeContainer(id);
  return true;
}

/** An image that a container uses stays: the engine refuses. */
function removeImage(engine: Engine, { id }: Image): Promise<boolean> {
  return engine.removeImage(id);
}
