/** Asks Nix what a declaration says, without building anything. */
import { spawnSync } from "node:child_process";
import * as v from "valibot";
import { codeOf, VoyagerError } from "../common/errors.ts";
import { systemSchema } from "./spec.ts";

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

/**
 * What is to be locked for a build. Evaluates in read-write mode: keys and certificates of the
 * system are read from the Nix store afterwards.
 *
 * @param file Nix file or folder
 * @param attribute path of the build in it; undefined: the file is the build
 * @param more further arguments of nix-instantiate
 */
export function evaluateLockRequest(
  file: string,
  attribute: string | undefined,
  more: string[],
): LockRequest {
  const selected = attribute === undefined ? "systemLock" : `${attribute}.systemLock`;
  const options = ["--eval", "--strict", "--json", "--read-write-mode"];
  const result = spawnSync("nix-instantiate", [...options, file, "--attr", selected, ...more], {
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
        ? "say where it is: voyager lock FILE -- -I nix-voyager=PATH, or set NIX_PATH"
        : "name what mkDockerBuild or mkDockerWheel returned: voyager lock FILE --attr NAME",
    });
  }
  const parsed = v.safeParse(lockRequestSchema, JSON.parse(result.stdout));
  if (!parsed.success) {
    throw new VoyagerError("usage", `${where} is not a build of nix-voyager`, {
      remedy: "use lib/ and the command of the same nix-voyager",
    });
  }
  return parsed.output;
}
