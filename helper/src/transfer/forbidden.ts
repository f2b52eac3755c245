/** What an output must not hold, however it comes out of a container. */
import { VoyagerError } from "../common/errors.ts";

/** Throws the error that names the entry. @param kind as in "a FIFO" */
export function refuseEntry(path: string, kind: string): never {
  throw new VoyagerError("output", `the output holds ${kind}: ${path}`, {
    why: "the Nix store has regular files, folders and symbolic links only, none of them setuid",
    remedy: "remove it at the end of the build script",
  });
}
