/**
 * What the helper may ask of the broker, and what it is told: the schemas are at once types and validators.
 * A field that is not declared is refused, and so is JSON that is not written as `JSON.stringify` would write
 * it: a name that comes twice, for one, which another reader might take from the other place.
 */
import * as v from "valibot";
import { failureKinds, type FailureKind } from "../common/errors.ts";
import { specSchema, systemSchema } from "../spec/spec.ts";

/** Version of what follows and of frames.ts. */
export const protocolVersion = 1;

const text = (most: number) =>
  v.pipe(
    v.string(),
    v.maxLength(most),
    v.check((value) => !value.includes("\0"), "a text without zero bytes"),
  );
const absolute = v.pipe(text(4096), v.regex(/^\/[^/]/, "expected an absolute path"));
const environment = specSchema.entries.environment.entries;
const limits = specSchema.entries.limits.entries;

/** Wants an environment: what `ensureEnvironment` takes. */
const environmentRequest = v.strictObject({
  version: v.literal(protocolVersion),
  want: v.literal("environment"),
  system: systemSchema,
  layers: environment.layers,
  maxAge: environment.maxAge,
  // Never left out: what is asked for is said in one way only.
  lock: environment.lock.wrapped,
});

const mount = v.strictObject({ source: absolute, target: absolute, readOnly: v.boolean() });

/** What is to be in the container before it starts, where files are streamed: see transfer/pack.ts. */
const foundation = v.strictObject({
  path: v.pipe(text(4096), v.regex(/^[^/]/, "expected a path relative to /")),
  mode: v.picklist([0o644, 0o755]),
  owner: v.picklist(["root", "build"]),
  content: v.variant("type", [
    v.strictObject({ type: v.literal("Directory") }),
    v.strictObject({ type: v.literal("File"), text: text(1_000_000) }),
    v.strictObject({ type: v.literal("SymbolicLink"), target: text(4096) }),
  ]),
});

/** Wants a build's container. There is no field for what a build never needs. */
const runRequest = v.strictObject({
  version: v.literal(protocolVersion),
  want: v.literal("run"),
  /** Id of an environment's image that this build was given. */
  image: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, "expected the id of an image")),
  command: v.pipe(v.array(text(200_000)), v.minLength(1), v.maxLength(10_000)),
  env: v.pipe(
    // valibot takes a list for an object.
    v.custom<Record<string, string>>((value) => !Array.isArray(value), "expected an object"),
    v.record(v.pipe(text(1000), v.regex(/^[^=]+$/, "expected the name of a variable")), text(1_000_000)),
  ),
  mounts: v.pipe(v.array(mount), v.maxLength(20_000)),
  foundations: v.pipe(v.array(foundation), v.maxLength(20_000)),
  network: v.boolean(),
  limits: v.strictObject({ ...limits, pids: v.nullable(limits.pids) }),
  firstInput: text(1000),
});

const requestSchema = v.variant("want", [environmentRequest, runRequest]);

export type RunRequest = v.InferOutput<typeof runRequest>;
export type EnvironmentWanted = v.InferOutput<typeof environmentRequest>;
export type BrokerRequest = v.InferOutput<typeof requestSchema>;

/** The broker does not do that. `message` says why; the client sees it. */
export class Refused extends Error {
  /** @param remedy what to do about it, where that is not to ask for something else */
  constructor(
    why: string,
    readonly remedy = "docs/broker.md says what builds may have; the broker's trail (journalctl -u nix-voyager-broker,\nor /var/log/nix-voyager-broker.log) has the refusal, too",
  ) {
    super(why);
  }
}

/** Reads a request. Throws Refused. */
export function parseRequest(payload: Buffer): BrokerRequest {
  const json = payload.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Refused("the request is not JSON");
  }
  const { version } = (value ?? {}) as { version?: unknown };
  if (typeof version === "number" && version !== protocolVersion) {
    throw new Refused(
      `it speaks version ${version} of the protocol, and the broker ${protocolVersion}`,
      "start the broker of the nix-voyager that builds",
    );
  }
  const result = v.safeParse(requestSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new Refused(`${v.getDotPath(issue) ?? "the request"}: ${issue.message}`);
  }
  if (JSON.stringify(value) !== json) {
    throw new Refused("the request is not written as it must be: a name may have come twice");
  }
  return result.output;
}

const seconds = v.optional(v.number());

/** What the broker tells. */
const eventSchema = v.variant("event", [
  v.object({
    event: v.literal("log"),
    level: v.picklist(["debug", "info", "warn", "error"]),
    message: v.string(),
    seconds,
    /** That the build enters by it, for Nix's display. */
    phase: v.optional(v.string()),
  }),
  v.object({ event: v.literal("output"), text: v.string() }),
  v.object({
    event: v.literal("environment"),
    environment: v.object({ image: v.string(), requested: v.array(v.string()), record: v.any() }),
  }),
  /** The request is to be made again: who asks is known only of a connection that is taken at once. */
  v.object({ event: v.literal("again") }),
  /** All that may run do; comes again as long as it is so. */
  v.object({ event: v.literal("queued"), limit: v.number() }),
  v.object({ event: v.literal("started"), seconds: v.number() }),
  /** No process is left, and all output has come. */
  v.object({ event: v.literal("ended") }),
  v.object({ event: v.literal("exit"), status: v.number() }),
  v.object({ event: v.literal("outOfMemory"), value: v.boolean() }),
  /** Not an error: the helper goes another way. */
  v.object({ event: v.literal("missing"), what: v.picklist(["image", "mount"]), message: v.string() }),
  v.object({
    event: v.literal("error"),
    kind: v.picklist(Object.keys(failureKinds) as FailureKind[]),
    what: v.string(),
    why: v.optional(v.string()),
    remedy: v.optional(v.string()),
  }),
]);
export type BrokerEvent = v.InferOutput<typeof eventSchema>;

/** Reads what the broker tells. */
export function parseEvent(payload: Buffer): BrokerEvent {
  return v.parse(eventSchema, JSON.parse(payload.toString("utf8")));
}
