/** A delivery: what one build left in a store, and the records in its nix-support folder. */
import * as v from "valibot";
import { messageOf } from "../common/errors.ts";
import { type Report, reportSchema, reportSchemaName } from "../linkage/report.ts";

/** Where the records of a delivery are, relative to its main output. */
export const recordFiles = {
  report: "nix-support/linkage.json",
  environment: "nix-support/environment.json",
} as const;

/** Records larger than this, in bytes, are none of ours; it bounds what hostile ones cost. */
export const largestRecord = 256 * 1024 * 1024;

/** Text of one of a delivery's record files; null for one that is not there. Throws if it cannot be read. */
export type RecordReader = (file: string) => Promise<string | null>;

export interface Delivery {
  /** Its store path, or the folder that it was found in. */
  path: string;
  /** What it links to; null: it has no report, so nothing is known, or `problem` says why it cannot be read. */
  report: Report | null;
  problem: string | null;
  /** What nix-support/failed says of a build that was kept though it failed; undefined: not asked for. */
  failure?: string | null;
  read: RecordReader;
}

/** Whether there is something to judge a path by: a report, be it one that cannot be read, or that it failed. */
export function hasRecord({ report, problem, failure }: Delivery): boolean {
  return report !== null || problem !== null || typeof failure === "string";
}

const environmentSchema = v.object({
  schema: v.literal("voyager-environment/1"),
  system: v.string(),
  osRelease: v.record(v.string(), v.string()),
  packages: v.array(
    v.object({
      name: v.string(),
      version: v.string(),
      arch: v.string(),
      /** Source package and its version; records of older versions do not name them. */
      source: v.optional(v.string()),
      sourceVersion: v.optional(v.string()),
    }),
  ),
});

/** The environment that a delivery was built in. */
export type DeliveryEnvironment = v.InferOutput<typeof environmentSchema>;

/** Reads a delivery's linkage report. What cannot be read is said in the delivery, never passed over. */
export async function openDelivery(path: string, read: RecordReader): Promise<Delivery> {
  try {
    const text = await read(recordFiles.report);
    const report = text === null ? null : parse(text, reportSchema, reportSchemaName);
    return { path, report, problem: null, read };
  } catch (error) {
    return { path, report: null, problem: `${recordFiles.report}: ${messageOf(error)}`, read };
  }
}

/** The environment of a delivery; null when it has no record of it. Throws when it cannot be read. */
export async function environmentOf(delivery: Delivery): Promise<DeliveryEnvironment | null> {
  const text = await delivery.read(recordFiles.environment);
  if (text === null) return null;
  try {
    return parse(text, environmentSchema, "voyager-environment/1");
  } catch (error) {
    throw new Error(`${recordFiles.environment}: ${messageOf(error)}`);
  }
}

function parse<T>(text: string, schema: v.GenericSchema<unknown, T>, name: string): T {
  const json: unknown = JSON.parse(text);
  const found = (json as { schema?: unknown } | null)?.schema;
  if (typeof found === "string" && found !== name)
    throw new Error(`it is '${found}', and this reads ${name}`);
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Error(`${v.getDotPath(issue) ?? "(whole)"}: ${issue.message}`);
}
