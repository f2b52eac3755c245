/** What the administrator lets builds do: /etc/nix-voyager/broker.json. docs/broker.md documents each field. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import * as v from "valibot";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { canonicalJson } from "../common/hash.ts";
import { parseSystem } from "../spec/read.ts";
import type { System } from "../spec/spec.ts";

export const policyFile = "/etc/nix-voyager/broker.json";

const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const gigabyte = 1e9;

const policySchema = v.strictObject({
  /** Users that may ask: members of this group, whose socket it is. */
  group: v.optional(v.string(), "nixbld"),
  /**
   * Systems that environments may be made of: files with one system's spec or several by name; or "any".
   * Who may choose the system, runs programs as root, with network, in a container.
   */
  systems: v.optional(v.union([v.literal("any"), v.array(v.string())]), []),
  /** Whether a system lock may bring package files of its own, whose scripts run as root in a container. */
  lockedPackages: v.optional(v.boolean(), false),
  /** Nix's store, as the engine's host has it. */
  store: v.optional(v.pipe(v.string(), v.regex(/^\/[^\0]*[^/]$/)), "/nix/store"),
  /** What one build may have at most. */
  perBuild: v.optional(
    v.strictObject({
      /** Bytes of memory. */
      memory: v.optional(v.pipe(count(Number.MAX_SAFE_INTEGER), v.minValue(16 * 1024 * 1024))),
      /** Processor cores; null: no limit. */
      cpus: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0.01))), null),
      /** Processes and threads. */
      pids: v.optional(count(4_000_000), 32_768),
      /** Seconds that its container may run. */
      seconds: v.optional(count(10_000_000), 24 * 3600),
      /** Seconds that the making of its environment may take. */
      environmentSeconds: v.optional(count(10_000_000), 3600),
      /** Bytes that it may write outside of its build folder and outputs, which are Nix's to limit. */
      disk: v.optional(count(Number.MAX_SAFE_INTEGER), 20 * gigabyte),
      /** Containers that it may have at once: the helper has one, and for a moment another when it falls back. */
      containers: v.optional(count(1000), 2),
      /** Environments that it may have made at once. */
      environments: v.optional(count(100), 2),
      /** Connections that it may have open at once. */
      connections: v.optional(count(1000), 8),
      /** Requests in a second, on average. */
      requestsPerSecond: v.optional(count(10_000), 20),
    }),
    {},
  ),
  /** What all builds together may have at most. */
  inAll: v.optional(
    v.strictObject({
      /** Containers of builds; null: what engine.json says. */
      builds: v.optional(v.nullable(count(10_000)), null),
      /** Environments that are made at once. */
      environments: v.optional(count(100), 4),
      /** Bytes of memory of all builds that run: one that would pass it waits. null: no limit. */
      memory: v.optional(v.nullable(count(Number.MAX_SAFE_INTEGER)), null),
      /** Connections. */
      connections: v.optional(count(100_000), 1000),
    }),
    {},
  ),
});

type Given = v.InferOutput<typeof policySchema>;

/** The policy, with its defaults and the systems that it names. */
export interface Policy {
  group: string;
  systems: "any" | System[];
  lockedPackages: boolean;
  store: string;
  perBuild: Required<Omit<Given["perBuild"], "memory">> & { memory: number };
  inAll: Given["inAll"];
}

/**
 * Reads the policy; without a file its defaults. Throws a `usage` error when it makes no sense: a broker with
 * another policy than the administrator's must not start.
 *
 * @param systemFiles more files with systems, as `--systems` names
 */
export function readPolicy(file: string, systemFiles: string[] = []): Policy {
  const given = parsePolicy(readJson(file) ?? {}, file);
  const systems =
    given.systems === "any" ? "any" : [...systemFiles, ...given.systems].flatMap((name) => readSystems(name));
  return {
    group: given.group,
    lockedPackages: given.lockedPackages,
    store: given.store,
    systems,
    perBuild: {
      ...given.perBuild,
      memory: given.perBuild.memory ?? Math.floor(totalmem() * 0.8),
    },
    inAll: given.inAll,
  };
}

function parsePolicy(json: unknown, file: string): Given {
  const parsed = v.safeParse(policySchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? "the whole";
  throw unusable(
    file,
    issue.expected === "never" ? `there is no field '${path}'` : `${path}: ${issue.message}`,
  );
}

/** null: there is no such file. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw unusable(file, messageOf(error));
  }
}

function readSystems(file: string): System[] {
  const json = readJson(file);
  if (json === null) {
    throw new VoyagerError("usage", `${file}, which is to have systems for the broker, does not exist`, {
      remedy: '"systems" of the policy names files; those of the library are there without it',
    });
  }
  if (typeof json !== "object") throw unusable(file, "there is no system in it");
  const all = "packageManager" in json ? [json] : Object.values(json);
  return all.map((one) => parseSystem(one, `what ${file} has`));
}

function unusable(file: string, why: string): VoyagerError {
  return new VoyagerError("usage", `the broker's policy in ${file} cannot be used`, {
    why,
    remedy: "docs/broker.md has all fields; without the file the defaults hold",
  });
}

/** What decides over what a system may do; its name is a label only, and what is kept stays its own. */
const essence = ({ name: _name, keepPackages: _keepPackages, ...rest }: System) => canonicalJson(rest);

/** The policy's own system that is the same as this one, but for its name; null: there is none. */
export function allowedSystem({ systems }: Policy, system: System): System | null {
  if (systems === "any") return system;
  return systems.find((one) => essence(one) === essence(system)) ?? null;
}
