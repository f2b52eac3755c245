/** Asks Nix what a declaration says, without building anything. */
import { spawnSync } from "node:child_process";
import * as v from "valibot";
import { codeOf, VoyagerError } from "../common/errors.ts";
import { specSchema, systemSchema } from "./spec.ts";

/** What `lib/internal/lock.nix` gives as the attribute `systemLock` of a build. */
const lockRequestSchema = v.object({
  system: systemSchema,
  /** Packages that are asked for, sorted. */
  requested: v.array(v.string()),
  /** Path of the lock as the expression names it, whether or not it exists; null: not named. */
  file: v.nullable(v.string()),
  /** Folder of prefetched packages, likewise. */
  packages: v.nullable(v.string()),
});
export type LockRequest = v.InferOutput<typeof lockRequestSchema>;

/** What the attribute `voyager` of a build says of its environment. */
const environmentRequestSchema = v.object({
  system: systemSchema,
  environment: specSchema.entries.environment,
});

/** Where a build is declared. */
export interface Declaration {
  /** Nix file or folder. */
  file: string;
  /** Path of the build in it; undefined: the file is the build. */
  attribute: string | undefined;
  /** Further arguments of nix-instantiate. */
  nixArguments: string[];
}

/**
 * What is to be locked for a build. Evaluates in read-write mode: keys and certificates of the
 * system are read from the Nix store afterwards.
 */
export function evaluateLockRequest(declaration: Declaration): LockRequest {
  return evaluated(declaration, "systemLock", lockRequestSchema);
}

/** The system and the environment of a build; keys, certificates and its system lock are then in the store. */
export function evaluateEnvironment(
  declaration: Declaration,
): v.InferOutput<typeof environmentRequestSchema> {
  return evaluated(declaration, "voyager", environmentRequestSchema);
}

function evaluated<S extends v.GenericSchema>(
  { file, attribute, nixArguments }: Declaration,
  name: string,
  schema: S,
): v.InferOutput<S> {
  const selected = attribute === undefined ? name : `${attribute}.${name}`;
  const options = ["--eval", "--strict", "--json", "--read-write-mode"];
  const result = spawnSync("nix-instantiate", [...options, file, "--attr", selected, ...nixArguments], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (result.error) {
    throw new VoyagerError("usage", "nix-instantiate cannot be run", {
      why: result.error.message,
      remedy: codeOf(result.error) === "ENOENT" ? "install Nix; `voyager doctor` checks it" : undefined,
    });
  }
  const where = attribute === undefined ? file : `${attribute} of ${file}`;
  if (result.status !== 0) {
    throw new VoyagerError("usage", `${where} cannot be evaluated as a build`, {
      why: result.stderr.trimEnd().split("\n").slice(-10).join("\n"),
      remedy: result.stderr.includes("was not found in the Nix search path")
        ? "say where it is, at the end of the command: -- -I nix-voyager=PATH; or set NIX_PATH"
        : "name what mkDockerBuild or mkDockerWheel returned: FILE --attr NAME",
    });
  }
  const parsed = v.safeParse(schema, JSON.parse(result.stdout));
  if (!parsed.success) {
    throw new VoyagerError("usage", `${where} is not a build of nix-voyager`, {
      remedy: "use lib/ and the command of the same nix-voyager",
    });
  }
  return parsed.output;
}
