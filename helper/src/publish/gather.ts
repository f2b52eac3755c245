/** What is to be published: the paths that are named, all that they need, and what is known of them. */
import { dirname } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { type Answer, linesOf, runNix } from "../common/nix.ts";
import { visible } from "../common/text.ts";
import { requireApproved } from "../deliveries/approved.ts";
import { type Delivery, hasRecord } from "../deliveries/delivery.ts";
import { realPath } from "../deliveries/folders.ts";
import { openOwn, type OtherOutput, requireDescribed, requireOwnRecords } from "../deliveries/own-records.ts";
import { closureOf } from "../deliveries/stores.ts";
import { recordedOutput } from "../spec/channel.ts";
import { inBatches } from "./cache.ts";
import { type Channel, channelAt, requireAsMade, requireComplete, requireNothingElse } from "./channel.ts";
import { requireCopyable } from "./channel-folder.ts";

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
 * built, that each delivery's verdict is pass and its records are its own, and that channels bring
 * nothing else. Throws `usage`, `linkage`, `test` and `record` errors.
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
  for (const channel of channels) requireComplete(channel, known);
  const deliveries = await approved(roots, channels, closure);
  await requireIntact(closure);
  await requireOwnRecords(
    deliveries.filter(({ report }) => report !== null),
    refusal,
  );
  await requireChannels(channels, deliveries);
  return { roots, channels, closure, deliveries };
}

/** All deliveries of the closure. What is named is one, and the packages of channels are, or the outputs of one. */
async function approved(roots: string[], channels: Channel[], closure: string[]): Promise<Delivery[]> {
  const opened = await Promise.all(closure.map(openOwn));
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

/** Outputs of channels' packages that have no report of their own. */
function otherOutputs(channels: Channel[], deliveries: Delivery[]): OtherOutput[] {
  const known = new Map(deliveries.map((one) => [one.path, one]));
  return channels.flatMap(({ index }) =>
    index.packages.flatMap((one) => {
      const recorded = known.get(recordedOutput(one));
      const others = one.outputs.filter(({ path }) => !known.has(path));
      return recorded === undefined ? [] : others.map((output) => ({ ...output, recorded }));
    }),
  );
}

/** Sees that channels bring their packages, as they say, and nothing else. */
async function requireChannels(channels: Channel[], deliveries: Delivery[]): Promise<void> {
  await requireDescribed(otherOutputs(channels, deliveries), refusal);
  for (const channel of channels) {
    requireCopyable(channel.path, channel.index);
    const outputs = channel.index.packages.flatMap((one) => one.outputs.map(({ path }) => path));
    const delivered = outputs.length === 0 ? [] : await closureOf(outputs, null);
    requireNothingElse(channel, await closureOf([channel.path], null), delivered);
    requireAsMade(channel, deliveries);
  }
}

/** The other outputs of the derivation that made a path, if it is still here: one of them has the record of all. */
async function outputsOfSameBuild(path: string): Promise<string[]> {
  const deriver = (await runNix("nix-store", ["--query", "--deriver", path])).stdout.trim();
  if (dirname(deriver) !== dirname(path)) return [];
  const { status, stdout } = await runNix("nix-store", ["--query", "--outputs", deriver]);
  const outputs = status === 0 ? linesOf(stdout) : [];
  // Whoever gave us the path may have named the derivation of another build.
  return outputs.includes(path) ? outputs : [];
}

/** What Nix says of paths that are not as they were built. It may end with an error, and say nothing. */
export function complaintsOf({ status, stderr }: Answer, paths: string[]): string[] {
  if (status === 0) return [];
  const lines = linesOf(stderr);
  if (lines.length > 0) return lines;
  return [`nix-store --verify-path ended with ${status}, and did not say for which of these:`, ...paths];
}

/** What was changed on the disk since it was built must not get a signature. */
async function requireIntact(paths: string[]): Promise<void> {
  const complaints: string[] = [];
  for (const batch of inBatches(paths)) {
    complaints.push(...complaintsOf(await runNix("nix-store", ["--verify-path", ...batch]), batch));
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
