/** The description that lies beside the archive of a carried environment: what it must be, wherever it arrives. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, VoyagerError } from "../../common/errors.ts";
import { describeIssues } from "../../spec/read.ts";

/** Names of the two files of a carried environment. */
export const descriptionFile = "images.json";
export const archiveFile = "images.tar";

const hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const namedImage = v.strictObject({ id: v.pipe(v.string(), v.startsWith("sha256:")), name: v.string() });

const descriptionSchema = v.strictObject({
  format: v.literal("voyager-environment/1"),
  /** The environment: its name holds the hash of all that determines it, its id is the hash of what it is. */
  environment: namedImage,
  /**
   * The base image that it grew from, which is part of what determines it: an engine with another one would
   * not look for this environment. null: one of a system lock, which any base image leads to.
   */
  base: v.nullable(namedImage),
  /** For people: what is in it, and how old its package lists are. */
  system: v.string(),
  packages: v.array(v.string()),
  asOf: v.string(),
  archive: v.strictObject({ size: v.pipe(v.number(), v.integer()), sha256: hex(64) }),
});
export type Description = v.InferOutput<typeof descriptionSchema>;

/** Reads the description of a carried environment. Throws an `environment` error. */
export function readDescription(folder: string): Description {
  const file = join(folder, descriptionFile);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new VoyagerError("environment", `${folder} holds no environment`, {
      why: messageOf(error),
      remedy: "name the folder that `voyager environment export` has made",
    });
  }
  const parsed = v.safeParse(descriptionSchema, json);
  if (parsed.success) return parsed.output;
  throw new VoyagerError("environment", `${file} describes no environment`, {
    why: describeIssues(parsed.issues),
    remedy: "export it anew, with the `voyager` of the same version",
  });
}
