/** What `mkAggregate` hands the helper: the parts of a release. */
import * as v from "valibot";
import { VoyagerError } from "../common/errors.ts";
import { describeIssues, readAttributesFile } from "./read.ts";
import { storePath } from "./spec.ts";

/** One part of a release: a derivation with all its outputs. */
const constituent = v.strictObject({
  name: v.string(),
  /** Output name → store path. */
  outputs: v.record(v.string(), storePath),
  /** Whether it is a build that must have a linkage report. */
  audited: v.boolean(),
});

const attributesSchema = v.object({
  aggregate: v.strictObject({
    version: v.literal(1),
    name: v.string(),
    constituents: v.array(constituent),
  }),
  outputs: v.object({ out: storePath }),
});

export type Constituent = v.InferOutput<typeof constituent>;
export type AggregateAttributes = v.InferOutput<typeof attributesSchema>;

/** Reads the attributes of the aggregate that Nix is building. */
export function readAggregate(buildTop: string): AggregateAttributes {
  const remedy = "`voyager aggregate` is started by Nix, as the builder of what mkAggregate declares";
  const json = readAttributesFile(buildTop, remedy);
  const result = v.safeParse(attributesSchema, json);
  if (result.success) return result.output;
  throw new VoyagerError("spec", "the description of the aggregate is not valid", {
    why: describeIssues(result.issues),
    remedy: "import lib/ and the helper from the same nix-voyager",
  });
}
