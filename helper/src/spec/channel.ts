/**
 * What `lib/mkChannel.nix` hands the helper: the attribute `channel` of a derivation with structured
 * attributes. As with a build, what an older helper would misread raises `specVersion`.
 */
import * as v from "valibot";
import { VoyagerError } from "../common/errors.ts";
import { describeIssues, readAttributesFile } from "./read.ts";
import { specVersion } from "./spec.ts";

const storePath = v.pipe(v.string(), v.startsWith("/"));

/** An output of a package, in the order that the derivation has. */
const output = v.object({ name: v.string(), path: storePath });

/** A package of a channel, as far as evaluation knows it. */
export const channelPackageSchema = v.object({
  /** The name that people install it by. */
  attribute: v.string(),
  /** With the version: "bcrypt-3.2.2". */
  name: v.string(),
  version: v.nullable(v.string()),
  /** As Nix names platforms: "x86_64-linux". */
  system: v.string(),
  outputs: v.pipe(v.array(output), v.minLength(1)),
  /** What nix-env shows of it, as nixpkgs has it. */
  meta: v.record(v.string(), v.unknown()),
});

export const channelSchema = v.object({
  version: v.literal(specVersion, `expected spec version ${specVersion}`),
  name: v.string(),
  binaryCacheUrl: v.nullable(v.string()),
  /** Folder with the expressions; null: those that name the packages are made. */
  src: v.nullable(storePath),
  packages: v.array(channelPackageSchema),
  /** Store paths of all that had to succeed. */
  constituents: v.array(storePath),
});

/** Derivation attributes of a channel that the helper uses. */
export const channelAttributesSchema = v.object({
  channel: channelSchema,
  outputs: v.object({ out: v.string() }),
});

export type ChannelSpec = v.InferOutput<typeof channelSchema>;
export type ChannelPackage = v.InferOutput<typeof channelPackageSchema>;
export type ChannelAttributes = v.InferOutput<typeof channelAttributesSchema>;

/** The output that carries a package's records: as with every build "out" if there is one, else the first. */
export function recordedOutput({ outputs }: Pick<ChannelPackage, "outputs">): string {
  return (outputs.find(({ name }) => name === "out") ?? outputs[0])?.path ?? "";
}

/** Reads the attributes of the channel that Nix is building. Throws a `spec` error naming each field. */
export function readChannelAttributes(buildTop: string): ChannelAttributes {
  const result = v.safeParse(channelAttributesSchema, readAttributesFile(buildTop));
  if (result.success) return result.output;
  throw new VoyagerError("spec", "the description of the channel is not valid", {
    why: describeIssues(result.issues),
    remedy: "make channels with voyager.lib.mkChannel, of the same nix-voyager",
  });
}
