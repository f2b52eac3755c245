/** The Nix store. */
import { dirname } from "node:path";

/** The store's folder, of a path that is in it. */
export function storeOf(path: string): string {
  return /^(.*?)\/[0-9a-z]{32}-[^/]*/.exec(path)?.[1] ?? dirname(path);
}
