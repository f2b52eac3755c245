/**
 * Publishes store paths: checks all, then copies and signs by Nix's own tools, then asks the cache
 * whether it has all of it. What people subscribe to, a channel's folder, is changed after that.
 */
import { VoyagerError } from "../common/errors.ts";
import { type Log, secondsSince } from "../common/log.ts";
import type { Answer } from "../common/nix.ts";
import { count, visible } from "../common/text.ts";
import {
  copySigned,
  differing,
  isMachine,
  type PathFacts,
  pathFacts,
  signThere,
  verifySignatures,
} from "./cache.ts";
import type { Channel } from "./channel.ts";
import { gather } from "./gather.ts";
import { layOutChannel, requireFolder } from "./channel-folder.ts";
import { requireAddress } from "./address.ts";
import { readSigningKey, type SigningKey } from "./key.ts";

export interface Publication {
  paths: string[];
  /** Address of the store, as Nix has it. */
  to: string;
  /** File with the secret key. */
  keyFile: string;
  /** Folder that is served to subscribers of the channel; undefined: none. */
  channelDir: string | undefined;
}

export interface Published {
  to: string;
  publicKey: string;
  /** In the order that Nix has them, each with the size of its NAR. */
  paths: { path: string; size: number; copied: boolean }[];
  deliveries: number;
  channel: { name: string; path: string; folder: string | null } | null;
}

/** Paths that a message names. */
const mostNamed = 20;

/** Publishes. Throws before anything was copied where anything is wrong that can be known. */
export async function publish(publication: Publication, log: Log): Promise<Published> {
  const { to, paths, channelDir } = publication;
  requireAddress(to);
  const key = await readSigningKey(publication.keyFile);
  if (key.warning !== null) log.warn(key.warning);
  const { roots, channels, closure, deliveries } = await gather(paths);
  const channel = onlyChannel(channels, channelDir);
  for (const { path, index } of channels) {
    if (index.expressions === "src")
      log.warn(`${path} has expressions of its src: what they do was not judged`);
  }
  if (channelDir !== undefined) requireFolder(channelDir);
  const here = await localFacts(closure);
  const before = await pathFacts(to, closure);
  requireSame(to, here, before);
  if (isMachine(to)) await requireSigned(to, [...before.keys()], key);
  const missing = closure.filter((path) => !before.has(path));
  log.info(
    `${count(closure.length, "path")} checked, ${count(deliveries.length, "delivery", "deliveries")} among them, all with the verdict pass; ${missing.length} to copy`,
  );
  const start = performance.now();
  await copy(to, roots, closure, key);
  if (!isMachine(to)) await sign(to, [...before.keys()], here, key);
  await requireThere(to, closure, here, key);
  log.info({ seconds: secondsSince(start) }, `copied to ${visible(to)}`);
  if (channel !== null && channelDir !== undefined) layOutChannel(channel.path, channel.index, channelDir);
  const lacked = new Set(missing);
  return {
    to,
    publicKey: key.publicKey,
    paths: closure.map((path) => ({ path, size: here.get(path)?.narSize ?? 0, copied: lacked.has(path) })),
    deliveries: deliveries.length,
    channel:
      channel === null ? null : { name: channel.index.name, path: channel.path, folder: channelDir ?? null },
  };
}

/** What this machine's store knows of all of the paths. What it does not know could not be compared. */
async function localFacts(closure: string[]): Promise<Map<string, PathFacts>> {
  const here = await pathFacts(null, closure);
  const unknown = closure.filter((path) => !here.has(path));
  if (unknown.length === 0) return here;
  throw new VoyagerError("publish", "nothing was published: Nix does not tell what it has of all paths", {
    why: named(unknown),
    remedy: "see whether something removes paths at the same time (nix-collect-garbage), and run it again",
  });
}

function onlyChannel(channels: Channel[], channelDir: string | undefined): Channel | null {
  if (channelDir === undefined || channels.length === 1) return channels[0] ?? null;
  throw new VoyagerError("usage", `--channel-dir wants one channel, and ${channels.length} were named`, {
    remedy: "name the result of one mkChannel; publish others with folders of their own",
  });
}

function named(paths: string[]): string {
  const more = paths.length - mostNamed;
  return [...paths.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** Two builds of one derivation may differ: what the cache has by this name would not be what was checked. */
function requireSame(to: string, here: Map<string, PathFacts>, there: Map<string, PathFacts>): void {
  const others = differing([...there.keys()], here, there);
  if (others.length === 0) return;
  throw new VoyagerError(
    "publish",
    `nothing was published: ${visible(to)} has other files by the same names`,
    {
      why: named(others),
      remedy:
        "the build is not reproducible, or was tampered with (nix-build --check tells which);\nhave one of the two everywhere: fetch what the cache has, or remove it there",
    },
  );
}

/**
 * What another machine's store has already, Nix does not send again, so a signature would not get
 * there: what lacks it is refused.
 */
async function requireSigned(to: string, there: string[], key: SigningKey): Promise<void> {
  const verified = await verifySignatures(to, there, key);
  if (verified.status === 0) return;
  throw new VoyagerError(
    "publish",
    `nothing was published: ${visible(to)} has paths that ${key.name} has not signed`,
    {
      why: `${verified.stderr.trim().split("\n").slice(0, mostNamed).map(visible).join("\n")}\nNix does not add signatures to what the store of another machine has`,
      remedy:
        "sign them on that machine (nix store sign --key-file SECRET-KEY PATH…), or remove them there\n(nix-store --delete PATH…); or publish to a binary cache, which takes more keys",
    },
  );
}

/** Copies what lacks. */
async function copy(to: string, roots: string[], closure: string[], key: SigningKey): Promise<void> {
  const copied = await copySigned(to, roots, key);
  if (copied.status !== 0) throw await broken(to, closure, copied);
}

/** Signs what was there, perhaps published by others with their key: it must be what was checked, now and after that. */
async function sign(
  to: string,
  there: string[],
  here: Map<string, PathFacts>,
  key: SigningKey,
): Promise<void> {
  const wrong = differing(there, here, await pathFacts(to, there));
  if (wrong.length > 0) throw replaced(to, wrong, "and nothing of this was signed");
  const signed = await signThere(to, there, key);
  if (signed.status !== 0) throw await broken(to, there, signed);
  const later = differing(there, here, await pathFacts(to, there));
  if (later.length > 0) throw replaced(to, later, `and may have been signed by ${key.name}`);
}

/** Somebody writes to the cache at the same time, and other things. */
function replaced(to: string, paths: string[], result: string): VoyagerError {
  return new VoyagerError("publish", `${visible(to)} was changed while it was published to, ${result}`, {
    why: named(paths),
    remedy:
      "find out who else writes there; remove these paths (.narinfo) from the cache, and run the same again.\nIf others could fetch what was signed, make a new key",
  });
}

/** What Nix says of a copy that failed, and how far it was: what lacks is copied the next time. */
async function broken(to: string, closure: string[], { stderr }: Answer): Promise<VoyagerError> {
  const there = await pathFacts(to, closure).catch(() => null);
  const far =
    there === null
      ? "how much is there is not known"
      : `${there.size} of ${count(closure.length, "path")} are there`;
  return new VoyagerError("publish", `${visible(to)} could not be given everything: ${far}`, {
    why: stderr.trim().split("\n").map(visible).join("\n"),
    remedy:
      "no channel was changed, and each path that is there is whole;\nrun the same again when the cause is gone",
  });
}

/** Asks the store for all of it: the same files, with a signature that is the key's. */
async function requireThere(
  to: string,
  closure: string[],
  here: Map<string, PathFacts>,
  key: SigningKey,
): Promise<void> {
  const wrong = differing(closure, here, await pathFacts(to, closure));
  const verified = await verifySignatures(to, closure, key);
  if (wrong.length === 0 && verified.status === 0) return;
  throw new VoyagerError(
    "publish",
    `${visible(to)} does not have all that was copied there, signed by ${key.name}`,
    {
      why: wrong.length > 0 ? named(wrong) : verified.stderr.trim(),
      remedy: "somebody else may have written there at the same time: run it again",
    },
  );
}
