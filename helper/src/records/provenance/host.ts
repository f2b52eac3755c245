/** What the Nix of this machine knows of a store path, and what must not lie in the store itself. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { codeOf } from "../../common/errors.ts";
import { hexOfNixHash } from "../../common/nix-hash.ts";
import type { Statement } from "./render.ts";
import type { Resource, Subject } from "./subjects.ts";

/** Asks `nix-store --query`; null where it does not answer. */
function query(...args: string[]): string | null {
  try {
    return execFileSync("nix-store", ["--query", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch (error) {
    if (codeOf(error) !== undefined && codeOf(error) !== "ENOENT") throw error;
    return null;
  }
}

/** Whether this machine's Nix has the path. */
export function isInStore(path: string): boolean {
  return query("--hash", path) !== null;
}

/** The derivation that made a path, if it is here. */
function deriverOf(path: string): string | null {
  const deriver = query("--deriver", path);
  return deriver !== null && existsSync(deriver) ? deriver : null;
}

function narSubject(path: string): Subject | null {
  const hash = hexOfNixHash(query("--hash", path) ?? "");
  return hash === null ? null : { name: basename(path), uri: path, digest: { narSha256: hash } };
}

function deriverDependency(deriver: string): Resource {
  const sha256 = createHash("sha256").update(readFileSync(deriver)).digest("hex");
  return { name: basename(deriver), uri: deriver, digest: { sha256 } };
}

/** The store paths of all outputs of the build; of `path` only, where its derivation is not here. */
function outputPaths(statement: Statement, path: string, deriver: string | null): string[] {
  const { outputs } = statement.predicate.buildDefinition.externalParameters;
  const names = Array.isArray(outputs) ? outputs.map(String) : [];
  if (deriver === null) return [path];
  const bound = names.map((name) => query("--binding", name, deriver));
  return bound.some((one) => one === path) ? bound.filter((one) => one !== null) : [path];
}

/**
 * Adds to a statement the NAR hashes of the outputs, and the derivation that made them.
 *
 * @param path store path of the output that carries nix-support/
 */
export function withHostFacts(statement: Statement, path: string): Statement {
  const deriver = deriverOf(path);
  const nars = outputPaths(statement, path, deriver).flatMap((output) => narSubject(output) ?? []);
  const { buildDefinition, ...rest } = statement.predicate;
  const own = deriver === null ? [] : [deriverDependency(deriver)];
  return {
    ...statement,
    subject: [...statement.subject, ...nars],
    predicate: {
      buildDefinition: {
        ...buildDefinition,
        resolvedDependencies: [...own, ...buildDefinition.resolvedDependencies],
      },
      ...rest,
    },
  };
}

/** The NAR hash of a path as its files are now, in hexadecimal digits; null without Nix. */
export function narHashNow(path: string): string | null {
  try {
    return execFileSync("nix-hash", ["--type", "sha256", path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }).trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
