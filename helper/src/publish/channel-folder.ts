/** A folder that any web server serves as a channel, and that may be served while it is changed. */
import {
  accessSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ChannelEntry, ChannelIndex } from "../channel/channel-index.ts";
import { channelFiles } from "../channel/make.ts";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { isPlainFile } from "../common/plain-file.ts";
import { storeNamePattern } from "../common/store.ts";
import { visible } from "../common/text.ts";
import { recordNames } from "../records/names.ts";
import { recordedOutput } from "../spec/channel.ts";

/** The order in which files are replaced: what Nix reads comes last. */
const order = [channelFiles.index, channelFiles.page, channelFiles.cacheUrl, channelFiles.expressions];

/** Folders for what is half copied. */
const stagingPrefix = ".voyager-publish-";

/** A folder for what is half copied that is older than this, in milliseconds, is what somebody has left who was killed. */
const abandoned = 24 * 60 * 60 * 1000;

/** Makes the folder, or sees that it can be written to. Throws a `usage` error when it cannot. */
export function requireFolder(folder: string): void {
  const fail = (why: string) =>
    new VoyagerError("usage", `the channel cannot be laid out in ${folder}`, {
      why,
      remedy: "--channel-dir names a folder of a web server, which may be there already",
    });
  const path = resolve(folder);
  if (path.split("/").some((part) => storeNamePattern.test(part))) throw fail("it is in the Nix store");
  try {
    mkdirSync(join(path, channelFiles.records), { recursive: true });
    for (const one of [path, join(path, channelFiles.records)])
      accessSync(one, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fail(messageOf(error));
  }
}

/** What is copied of a channel: its files, and the records of its packages, by our names and no others. */
function filesToCopy(channel: string, index: ChannelIndex): string[] {
  const support = new Set(index.packages.map((entry) => join(recordedOutput(entry), "nix-support")));
  const cacheUrl = index.binaryCacheUrl === null ? [] : [channelFiles.cacheUrl];
  return [
    ...[channelFiles.index, channelFiles.page, ...cacheUrl, channelFiles.expressions].map((name) =>
      join(channel, name),
    ),
    ...[...support].flatMap((folder) => recordNames.map((name) => join(folder, name))),
  ];
}

/** Sees that all that is to be served is there, as files of its own. Throws a `record` error else. */
export function requireCopyable(channel: string, index: ChannelIndex): void {
  for (const file of filesToCopy(channel, index)) requirePlain(file);
}

function requirePlain(file: string): void {
  if (isPlainFile(file)) return;
  throw new VoyagerError("record", `the channel cannot be published: ${visible(file)} is not a plain file`, {
    why: "it is missing, or reached by a link: what it leads to was not checked",
    remedy: "build the channel and its packages again",
  });
}

/** Copies the channel's files, and the records of its packages, into the folder; removes records of others. */
export function layOutChannel(channel: string, index: ChannelIndex, folder: string): void {
  sweep(folder);
  // A name of its own: somebody else may be publishing there, or have been killed at it.
  const staging = mkdtempSync(join(folder, stagingPrefix));
  try {
    const records = join(folder, channelFiles.records);
    for (const entry of index.packages) copyRecords(entry, records, staging);
    for (const name of order) {
      if (name !== channelFiles.cacheUrl || index.binaryCacheUrl !== null)
        replace(join(channel, name), join(folder, name), staging);
      else rmSync(join(folder, name), { force: true });
    }
    const kept = new Set(index.packages.map((one) => basename(recordedOutput(one))));
    for (const name of readdirSync(records)) {
      if (!kept.has(name) && storeNamePattern.test(name)) remove(join(records, name));
    }
  } finally {
    remove(staging);
  }
}

/** Removes what others have left. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.startsWith(stagingPrefix))) {
    const left = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (left && Date.now() - left.mtimeMs > abandoned) remove(join(folder, name));
  }
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Puts a file in the place of another, whole at any moment. */
function replace(source: string, target: string, staging: string): void {
  const whole = join(staging, basename(target));
  requirePlain(source);
  copyFileSync(source, whole);
  renameSync(whole, target);
}

/**
 * The records of a package, in the folders that they have in the store, so that `voyager affected` finds them.
 * Each is replaced: what is there by these names need not be what was checked.
 */
function copyRecords(entry: ChannelEntry, folder: string, staging: string): void {
  const source = recordedOutput(entry);
  const support = join(folder, basename(source), "nix-support");
  for (const one of [dirname(support), support]) {
    if (lstatSync(one, { throwIfNoEntry: false })?.isDirectory() === false) remove(one);
    mkdirSync(one, { recursive: true });
  }
  for (const record of recordNames)
    replace(join(source, "nix-support", record), join(support, record), staging);
  const own: readonly string[] = recordNames;
  for (const name of readdirSync(support)) if (!own.includes(name)) remove(join(support, name));
}
