/** A channel's index: what it delivers, with the verdict of each package and the paths of its records. */
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { visible } from "../common/text.ts";
import type { Report } from "../linkage/report.ts";
import { recordNames } from "../records/names.ts";
import { verdictOf } from "../records/verdict.ts";
import {
  type ChannelPackage,
  type ChannelSpec,
  channelPackageSchema,
  recordedOutput,
} from "../spec/channel.ts";
import { describeIssues } from "../spec/read.ts";

export const indexSchemaName = "voyager-channel/1";

/** Where the index lies in a channel, and in its tarball. */
export const indexFile = "index.json";

const linkage = v.object({
  verdict: v.literal("pass"),
  /** The verdict in words. */
  headline: v.string(),
  /** The system that it was built for: "debian12". */
  system: v.string(),
  /** Compiled files, and exceptions that were allowed. */
  files: v.number(),
  allowed: v.number(),
});

const entry = v.object({
  ...channelPackageSchema.entries,
  linkage,
  /** By name: "linkage.html". */
  records: v.record(v.string(), v.string()),
});

const schema = v.object({
  schema: v.literal(indexSchemaName),
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/)),
  binaryCacheUrl: v.nullable(v.string()),
  /** What nixexprs.tar.xz has: expressions that name the packages, or the folder `src`. */
  expressions: v.picklist(["packages", "src"]),
  packages: v.array(entry),
});

export type ChannelIndex = v.InferOutput<typeof schema>;
export type ChannelEntry = v.InferOutput<typeof entry>;

/** What an index is made of, besides the reports. */
export interface IndexInput extends Pick<ChannelSpec, "name" | "binaryCacheUrl" | "packages"> {
  expressions: ChannelIndex["expressions"];
}

/**
 * The index of packages, in the order of `reports`, which are theirs. Throws a `record` error for a
 * package that has not all of its records.
 */
export function indexOf(
  { name, binaryCacheUrl, packages, expressions }: IndexInput,
  reports: Report[],
): ChannelIndex {
  const entries = packages.map((one, number) => entryOf(one, reports[number] as Report));
  return { schema: indexSchemaName, name, binaryCacheUrl, expressions, packages: entries };
}

/** The records of a package, by name. */
function recordsOf(one: ChannelPackage): [name: string, path: string][] {
  const folder = join(recordedOutput(one), "nix-support");
  return recordNames.map((name) => [name, join(folder, name)]);
}

function entryOf(one: ChannelPackage, report: Report): ChannelEntry {
  const records = recordsOf(one);
  const missing = records.find(([, path]) => !lstatSync(path, { throwIfNoEntry: false })?.isFile());
  if (missing) {
    throw new VoyagerError("record", `${recordedOutput(one)} has no ${missing[0]}`, {
      why: `every build of nix-voyager leaves nix-support/ with ${recordNames.join(", ")}`,
      remedy: `build '${one.attribute}' again with this nix-voyager, or take it out of the channel`,
    });
  }
  return {
    ...one,
    linkage: {
      verdict: "pass",
      headline: verdictOf(report).headline,
      system: report.system.name,
      files: report.files.length,
      allowed: report.allowed.length,
    },
    records: Object.fromEntries(records),
  };
}

/** The index of a channel that mkChannel made; null for any other path. Throws a `record` error when it cannot be read. */
export function readIndex(path: string): ChannelIndex | null {
  const file = join(path, indexFile);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
  const fail = (why: string) => new VoyagerError("record", `${file} is not a channel's index`, { why });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail(messageOf(error));
  }
  const result = v.safeParse(schema, json);
  if (!result.success) throw fail(describeIssues(result.issues));
  const odd = result.output.packages.find((one) => !hasOwnRecords(one));
  if (odd !== undefined) {
    throw fail(`the records of '${visible(odd.attribute)}' are not those of ${visible(recordedOutput(odd))}`);
  }
  return result.output;
}

/** The index as it is in its file. */
export function indexText(index: ChannelIndex): string {
  return `${JSON.stringify(index, null, 1)}\n`;
}

/** Whether the records that an entry names are those in its package: whoever made the index may have said other paths. */
function hasOwnRecords(one: ChannelEntry): boolean {
  const own = recordsOf(one);
  return (
    Object.keys(one.records).length === own.length && own.every(([name, path]) => one.records[name] === path)
  );
}
