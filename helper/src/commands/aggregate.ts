/** `voyager aggregate`: what Nix runs as the builder of an aggregate. It needs no engine. */
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { aggregate } from "../hydra/aggregate.ts";
import { readAggregate } from "../spec/aggregate.ts";

/** Judges the aggregate of which `$NIX_BUILD_TOP` is the build folder. */
export async function runAggregate(log: Log): Promise<void> {
  const buildTop = process.env.NIX_BUILD_TOP;
  if (!buildTop) {
    throw new VoyagerError("usage", "`voyager aggregate` is started by Nix, not by hand", {
      why: "NIX_BUILD_TOP is not set",
      remedy: "declare a release with voyager.lib.mkAggregate and run nix-build",
    });
  }
  await aggregate(readAggregate(buildTop), log);
}
