/** The Nix store. */
import { dirname } from "node:path";

/** The name of a path in the store: its hash and what it was called. */
export const storeNamePattern = /^[0-9a-z]{32}-[0-9a-zA-Z+._?=-]+$/;

/** The store's folder, of a path that is in it. */
export function storeOf(path: string): string {
  return /^(.*?)\/[0-9a-z]{32}-[^/]*/.exec(path)?.[1] ?? dirname(path);
}
