/** Deliveries in stores that only Nix itself reads: closures, binary caches, other machines. */
import { VoyagerError } from "../common/errors.ts";
import { linesOf, runNix } from "../common/nix.ts";
import type { RecordReader } from "./delivery.ts";

/** Whether an argument names a store, as Nix's --store does, and not a path. */
export function isStoreUrl(text: string): boolean {
  return /^[a-z][a-z0-9+-]*:\/\//.test(text);
}

/** All store paths that these need at run time, and they themselves. */
export async function closureOf(paths: string[], store: string | null): Promise<string[]> {
  if (store !== null) return pathsOf(store, ["--recursive", ...paths]);
  const { status, stdout, stderr } = await runNix("nix-store", ["--query", "--requisites", ...paths]);
  if (status !== 0) {
    throw new VoyagerError("usage", "Nix does not tell the closure", {
      why: stderr.trim(),
      remedy: "name paths that are in the Nix store of this machine",
    });
  }
  return linesOf(stdout);
}

/** All store paths of a store. Those that are reached by HTTP cannot be listed: Nix does not ask them. */
export function allPathsOf(store: string): Promise<string[]> {
  return pathsOf(store, ["--all"]);
}

async function pathsOf(store: string, args: string[]): Promise<string[]> {
  const answer = await runNix("nix", ["path-info", "--store", store, ...args]);
  if (answer.status !== 0) {
    const unlisted = args[0] === "--all" && /not supported/.test(answer.stderr);
    throw new VoyagerError("usage", `Nix does not tell what is in ${store}`, {
      why: answer.stderr.trim(),
      remedy: unlisted
        ? `such a store has no list of what it holds: name the store paths,\n--store ${store} /nix/store/…`
        : "check the address of the store and the names of the paths",
    });
  }
  return linesOf(answer.stdout).filter((path) => !path.endsWith(".drv"));
}

/** Reads the record files of a store path in another store. */
export function storeReader(store: string, path: string): RecordReader {
  return async (file) => {
    const args = ["store", "cat", "--store", store, `${path}/${file}`];
    const { status, stdout, stderr } = await runNix("nix", args);
    if (status === 0) return stdout;
    // Nix says this of the file; of a path that the store does not have it says another thing.
    if (stderr.includes(`${file}' does not exist`)) return null;
    throw new Error(stderr.trim() || `nix store cat ended with ${status}`);
  };
}
