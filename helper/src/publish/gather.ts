/** What is to be published: the paths that are named, all that they need, and what is known of them. */
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { type ChannelIndex, readIndex } from "../channel/channel-index.ts";
import { channelFiles } from "../channel/make.ts";
import { VoyagerError } from "../common/errors.ts";
import { linesOf, runNix } from "../common/nix.ts";
import { visible } from "../common/text.ts";
import { requireApproved } from "../deliveries/approved.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import { realPath } from "../deliveries/folders.ts";
import { openOwn, requireOwnRecords } from "../deliveries/own-records.ts";
import { closureOf } from "../deliveries/stores.ts";
import { recordedOutput } from "../spec/channel.ts";
import { inBatches } from "./cache.ts";
import { requireCopyable } from "./channel-folder.ts";

export interface Channel {
  path: string;
  index: ChannelIndex;
}

/** What will be published. */
export interface Gathered {
  /** Store paths that were named. */
  roots: string[];
  /** Those of them that are channels. */
  channels: Channel[];
  /** The roots and all that they need at run time. */
  closure: string[];
  /** Deliveries in it, whose verdicts are pass. */
  deliveries: Delivery[];
}

/** Whoever names more than this is told of so many. */
const mostNamed = 20;

const refusal = "nothing was published";

/**
 * Finds out what is to be published, and checks all of it: that no file was changed since it was
 * built, and that each delivery's verdict is pass. Throws `usage`, `linkage` and `record` errors.
 */
export async function gather(paths: string[]): Promise<Gathered> {
  const roots = [...new Set(paths.map(realPath))];
  const closure = await closureOf(roots, null);
  const known = new Set(closure);
  const outside = roots.find((path) => !known.has(path));
  if (outside !== undefined) {
    throw new VoyagerError("usage", `${outside} is not a path of the Nix store`, {
      why: "what lies below a path of the store, or elsewhere, cannot be published alone",
      remedy: "name results of nix-build",
    });
  }
  const channels = roots.flatMap((path) => channelAt(path) ?? []);
  for (const channel of channels) {
    requireComplete(channel, known);
    requireCopyable(channel.path, channel.index);
  }
  const deliveries = await approved(roots, channels, closure);
  await requireIntact(closure);
  await requireOwnRecords(
    deliveries.filter(({ report }) => report !== null),
    refusal,
  );
  return { roots, channels, closure, deliveries };
}

/** The channel that a path is. One that has more in it than mkChannel puts there is none. */
function channelAt(path: string): Channel | null {
  const index = existsSync(`${path}/${channelFiles.expressions}`) ? readIndex(path) : null;
  if (index === null) return null;
  const own: string[] = [...Object.values(channelFiles), "nix-support"];
  return readdirSync(path).every((name) => own.includes(name)) ? { path, index } : null;
}

/** What a channel names without a reference to it would not be published with it. */
function requireComplete({ path, index }: Channel, closure: Set<string>): void {
  const named = index.packages.flatMap(({ outputs }) => outputs.map((output) => output.path));
  const lost = named.find((one) => !closure.has(one));
  if (lost === undefined) return;
  throw new VoyagerError("record", `nothing was published: ${path} names ${lost}, and does not refer to it`, {
    why: "Nix would copy the channel without this package",
    remedy: "build the channel again with mkChannel",
  });
}

/** All deliveries of the closure. */
async function approved(roots: string[], channels: Channel[], closure: string[]): Promise<Delivery[]> {
  const opened = await Promise.all(closure.map(openOwn));
  const hasRecord = ({ report, problem }: Delivery) => report !== null || problem !== null;
  const channelPaths = new Set(channels.map(({ path }) => path));
  const packages = channels.flatMap(({ index }) => index.packages.map(recordedOutput));
  const wanted = new Set([...roots.filter((path) => !channelPaths.has(path)), ...packages]);
  const covered = new Set<string>();
  for (const { path } of opened.filter((one) => !hasRecord(one) && wanted.has(one.path))) {
    const others = await outputsOfSameBuild(path);
    if (opened.some((one) => others.includes(one.path) && hasRecord(one))) covered.add(path);
  }
  const judged = opened.filter((one) => hasRecord(one) || (wanted.has(one.path) && !covered.has(one.path)));
  requireApproved(judged, refusal);
  return judged;
}

/** The other outputs of the derivation that made a path, if it is still here: one of them has the record of all. */
async function outputsOfSameBuild(path: string): Promise<string[]> {
  const deriver = (await runNix("nix-store", ["--query", "--deriver", path])).stdout.trim();
  if (dirname(deriver) !== dirname(path)) return [];
  const { status, stdout } = await runNix("nix-store", ["--query", "--outputs", deriver]);
  return status === 0 ? linesOf(stdout) : [];
}

/** What was changed on the disk since it was built must not get a signature. */
async function requireIntact(paths: string[]): Promise<void> {
  const complaints: string[] = [];
  for (const batch of inBatches(paths)) {
    const { status, stderr } = await runNix("nix-store", ["--verify-path", ...batch]);
    if (status !== 0) complaints.push(...linesOf(stderr));
  }
  if (complaints.length === 0) return;
  throw new VoyagerError(
    "record",
    "nothing was published: files of the Nix store are not as they were built",
    {
      why: complaints.slice(0, mostNamed).map(visible).join("\n"),
      remedy: "find out what has changed them; `nix-store --repair-path PATH` builds or fetches a path again",
    },
  );
}
