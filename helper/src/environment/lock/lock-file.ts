/**
 * The system lock: a file that people commit, with the exact version and hash of every system
 * package of an environment. `lib/internal/lock.nix` reads the same fields at evaluation.
 *
 * No address of a mirror is in it, except those of repositories that the user's system names: the
 * same lock must work with whatever mirror a machine uses.
 */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { keyOf } from "../../common/hash.ts";
import { messageOf, VoyagerError } from "../../common/errors.ts";
import { describeIssues } from "../../spec/read.ts";
import type { System } from "../../spec/spec.ts";

export const lockSchemaName = "voyager-system-lock/1" as const;

/** What may be part of a command line or of a file's name, as the package manager's own rules have it. */
const word = (pattern: RegExp, what: string) => v.pipe(v.string(), v.regex(pattern, `expected ${what}`));
const packageName = word(/^[a-z0-9][a-z0-9+._-]*$/i, "the name of a system package");
const architecture = word(/^[a-z0-9][a-z0-9_-]*$/, "an architecture");

const lockedPackage = v.strictObject({
  name: packageName,
  version: word(/^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/, "a version"),
  arch: architecture,
  /** The source package, and its version where that is another. */
  source: packageName,
  sourceVersion: v.optional(v.string()),
  /**
   * Where it was found: "Debian:bookworm-security/main" (origin, suite, component), or the name of
   * one of the system's own repositories; null: nowhere, only the base image has it.
   */
  repository: v.nullable(v.string()),
  /** Path of the package file in its repository; null as above. */
  file: v.nullable(v.string()),
  /** Bytes; null as above. */
  size: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Of the package file, hexadecimal; null as above. */
  sha256: v.nullable(word(/^[0-9a-f]{64}$/, "64 hexadecimal digits")),
});

export const lockSchema = v.strictObject({
  schema: v.literal(lockSchemaName, `expected ${lockSchemaName}`),
  /** Name of the system. */
  system: v.string(),
  /** What /etc/os-release says: ID, VERSION_ID, VERSION_CODENAME. For people; not compared. */
  osRelease: v.record(v.string(), v.string()),
  /** The base image that it was made on. For people: a lock turns any base image of the system into the same. */
  image: v.strictObject({
    reference: v.nullable(v.string()),
    bootstrap: v.nullable(v.strictObject({ suite: v.string(), components: v.array(v.string()) })),
  }),
  architecture,
  /** Packages that were asked for, sorted; all others come with them or with the base image. */
  requested: v.array(v.string()),
  /** The system's own repositories: name → address, suites, components. */
  repositories: v.record(
    v.string(),
    v.strictObject({ uri: v.string(), suites: v.array(v.string()), components: v.array(v.string()) }),
  ),
  /** Every installed package, sorted by name, then architecture. */
  packages: v.pipe(v.array(lockedPackage), v.minLength(1, "expected packages")),
});

export type SystemLock = v.InferOutput<typeof lockSchema>;
export type LockedPackage = v.InferOutput<typeof lockedPackage>;

/** A package file to be had: what `isFetchable` says of a package. */
export type FetchablePackage = LockedPackage & { sha256: string; size: number; file: string };

/** Whether a repository had it, so that it can be downloaded and checked. */
export function isFetchable(one: LockedPackage): one is FetchablePackage {
  return one.sha256 !== null && one.size !== null && one.file !== null;
}

/** "libssl3:amd64": names a package among those of several architectures. */
export function fullName({ name, arch }: { name: string; arch: string }): string {
  return `${name}:${arch}`;
}

/** Validates a lock. Throws a `spec` error that names each field. */
export function parseLock(json: unknown, origin: string): SystemLock {
  const remedy = "make it anew with `voyager lock --update`; it is not meant to be edited";
  const result = v.safeParse(lockSchema, json);
  if (!result.success) {
    throw new VoyagerError("spec", `${origin} is not a system lock`, {
      why: describeIssues(result.issues),
      remedy,
    });
  }
  const seen = new Set<string>();
  for (const one of result.output.packages) {
    if (seen.has(fullName(one))) {
      throw new VoyagerError("spec", `${origin} has ${fullName(one)} twice`, { remedy });
    }
    seen.add(fullName(one));
  }
  return result.output;
}

/** Reads a lock. Throws a `spec` error when it is none. */
export function readLock(file: string): SystemLock {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new VoyagerError("spec", `cannot read the system lock ${file}`, {
      why: messageOf(error),
      remedy: "make it anew with `voyager lock --update`; it is not meant to be edited",
    });
  }
  return parseLock(json, file);
}

/** The file's text: JSON with a line for each package, so that a change of version is one line. */
export function formatLock(lock: SystemLock): string {
  const { packages, ...head } = lock;
  const lines = packages.map((one) => `    ${JSON.stringify(one)}`);
  const start = JSON.stringify(head, null, 2).replace(/\n}$/, "");
  return `${start},\n  "packages": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** What determines the environment of a lock: not how the file is written, nor what it says for people. */
export function lockKey(lock: SystemLock): string {
  const packages = lock.packages
    .map(({ name, version, arch, sha256 }) => ({ name, version, arch, sha256 }))
    .sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
  return keyOf({ schema: lock.schema, architecture: lock.architecture, packages });
}

/** Name of a package's file in a folder of prefetched ones: readable, and found by its hash. */
export function prefetchedName({ name, version, arch, sha256 }: FetchablePackage): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${arch}.${sha256.slice(0, 16)}.deb`;
}

/**
 * Requested packages that the lock does not have: "gcc", or "gcc=1.2" when it has another version.
 * A name that no package bears may be a virtual one, which the lock then names among its requests.
 */
export function missingFrom(lock: SystemLock, requested: string[]): string[] {
  const versions = new Map<string, string[]>();
  for (const { name, version, arch } of lock.packages) {
    for (const key of [name, `${name}:${arch}`]) versions.set(key, [...(versions.get(key) ?? []), version]);
  }
  const asked = new Set(lock.requested);
  return requested.filter((request) => {
    if (asked.has(request)) return false;
    const [name = "", version] = request.split("=");
    const has = versions.get(name);
    return !has || (version !== undefined && !has.includes(version));
  });
}

/** What a lock says of the image and the repositories of the system that it is made for. */
export function describeSystem(system: System): Pick<SystemLock, "image" | "repositories"> {
  const { reference, bootstrap } = system.image;
  return {
    image: {
      reference,
      bootstrap: bootstrap && { suite: bootstrap.suite, components: bootstrap.components },
    },
    repositories: Object.fromEntries(
      [...system.repositories]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, uri, suites, components }) => [name, { uri, suites, components }]),
    ),
  };
}
