/** Channels that are to be published: that they are what mkChannel makes, and bring nothing that was not judged. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { type ChannelIndex, indexOf, indexText, readIndex } from "../channel/channel-index.ts";
import { channelFiles, hydraFiles } from "../channel/make.ts";
import { renderIndexPage } from "../channel/page.ts";
import { ownExpressions, tarball } from "../channel/tarball.ts";
import { VoyagerError } from "../common/errors.ts";
import { isPlainFile } from "../common/plain-file.ts";
import { visible } from "../common/text.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import { recordedOutput } from "../spec/channel.ts";

export interface Channel {
  path: string;
  index: ChannelIndex;
}

/** Stray paths that a message names. */
const mostNamed = 20;

/** The channel that a path is. One that has more in it than mkChannel puts there, or less, is none. */
export function channelAt(path: string): Channel | null {
  const plain = [channelFiles.expressions, channelFiles.index].every((name) => isPlainFile(join(path, name)));
  const index = plain ? readIndex(path) : null;
  return index !== null && hasOwnFiles(path, index) ? { path, index } : null;
}

/** Whether the files, and the links to packages, are just those of a channel with this index. */
function hasOwnFiles(path: string, index: ChannelIndex): boolean {
  const { records, cacheUrl, ...others } = channelFiles;
  const files = [...Object.values(others), ...(index.binaryCacheUrl === null ? [] : [cacheUrl])];
  const hydra = Object.values(hydraFiles);
  const packages = new Map(index.packages.map(recordedOutput).map((one) => [basename(one), one]));
  return (
    hasEntries(path, [...files, records, "nix-support"]) &&
    hasEntries(
      join(path, "nix-support"),
      hydra.map((name) => basename(name)),
    ) &&
    hasEntries(join(path, records), [...packages.keys()]) &&
    [...files, ...hydra].every((name) => isPlainFile(join(path, name))) &&
    [...packages].every(([name, target]) => linkAt(join(path, records, name)) === target)
  );
}

function hasEntries(folder: string, names: string[]): boolean {
  try {
    return readdirSync(folder).sort().join("/") === [...names].sort().join("/");
  } catch {
    return false; // no folder
  }
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // no link
  }
}

/** What a channel names without a reference to it would not be published with it. */
export function requireComplete({ path, index }: Channel, closure: Set<string>): void {
  const named = index.packages.flatMap(({ outputs }) => outputs.map((output) => output.path));
  const lost = named.find((one) => !closure.has(one));
  if (lost === undefined) return;
  throw new VoyagerError(
    "record",
    `nothing was published: ${path} names ${visible(lost)}, and does not refer to it`,
    {
      why: "Nix would copy the channel without this package",
      remedy: "build the channel again with mkChannel",
    },
  );
}

/**
 * What comes with a channel must come with its packages, which are judged: its expressions, its index and
 * a test that had to succeed could refer to anything.
 *
 * @param closure of the channel
 * @param delivered closure of its packages
 */
export function requireNothingElse({ path }: Channel, closure: string[], delivered: string[]): void {
  const judged = new Set([path, ...delivered]);
  const strays = closure.filter((one) => !judged.has(one));
  if (strays.length === 0) return;
  throw new VoyagerError(
    "record",
    `nothing was published: ${path} refers to what none of its packages needs`,
    {
      why: strays.slice(0, mostNamed).map(visible).join("\n"),
      remedy:
        "make a package of it, or leave its path out of meta and src of mkChannel; then build the channel again",
    },
  );
}

/**
 * Sees that a channel's files are those that mkChannel makes of its index, and that the index says what
 * the reports of the packages say. Of a channel with `src` the expressions are not known.
 *
 * @param deliveries those that were approved
 */
export function requireAsMade({ path, index }: Channel, deliveries: Delivery[]): void {
  const reports = index.packages.map((one) => {
    const report = deliveries.find((delivery) => delivery.path === recordedOutput(one))?.report;
    if (!report) throw unlike(path, `${recordedOutput(one)} has no linkage report`);
    return report;
  });
  const { page, cacheUrl, expressions } = channelFiles;
  const text = indexText(indexOf(index, reports));
  const made: [name: string, content: string | Buffer][] = [[channelFiles.index, text]];
  made.push([page, renderIndexPage(index)]);
  if (index.binaryCacheUrl !== null) made.push([cacheUrl, index.binaryCacheUrl]);
  if (index.expressions === "packages") made.push([expressions, tarball(ownExpressions(index.name, text))]);
  const other = made.find(([name, content]) => !readFileSync(join(path, name)).equals(Buffer.from(content)));
  if (other) throw unlike(path, other[0]);
}

function unlike(path: string, why: string): VoyagerError {
  return new VoyagerError(
    "record",
    `nothing was published: ${path} is not what mkChannel makes of its index`,
    {
      why: visible(why),
      remedy: "build the channel again, with the same nix-voyager that publishes it",
    },
  );
}
