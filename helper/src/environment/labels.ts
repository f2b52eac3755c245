/** Names and labels by which nix-voyager knows its images and containers on an engine. */
import { keyOf } from "../common/hash.ts";

const prefix = "nix-voyager";

export const labels = {
  /** "base" or "environment". */
  kind: `${prefix}.kind`,
  /** Name of the system. */
  system: `${prefix}.system`,
  /** Hash of the system and its base image: environments with the same one can share layers. */
  systemKey: `${prefix}.system-key`,
  /** JSON list of the packages that were asked for. */
  packages: `${prefix}.packages`,
  /** When the oldest layer, with its package lists, was made (ISO 8601). */
  asOf: `${prefix}.as-of`,
  /** Number of layers on the base image. */
  depth: `${prefix}.depth`,
  /** JSON of an `EnvironmentRecord`. */
  record: `${prefix}.record`,
  /** On containers of ours: "build" or "environment". */
  container: `${prefix}.container`,
  /** On containers that the broker started: the build user who asked. */
  user: `${prefix}.user`,
  /** On those, and on containers in which it makes environments: the broker's process, by its number and when it began. */
  broker: `${prefix}.broker`,
} as const;

/** Name under which images of nix-voyager are kept. */
export const environmentRepository = "nix-voyager/environment";
/** The name of an environment: the hash of what determines it. @param packages sorted */
export function environmentTag(systemKey: string, packages: string[]): string {
  return `${environmentRepository}:${keyOf({ systemKey, packages })}`;
}

/** Name of base images that `voyager image bootstrap` made. */
export const baseRepository = "nix-voyager/base";

/**
 * Whether the image is one of ours by name. Labels alone do not tell: an image that somebody makes
 * from ours inherits them.
 */
export function isOurs(image: { tags: string[] }): boolean {
  return image.tags.some(
    (tag) => tag.startsWith(`${baseRepository}:`) || tag.startsWith(`${environmentRepository}:`),
  );
}
