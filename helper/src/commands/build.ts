/** `voyager build`: what Nix runs as a derivation's builder. */
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { runBuild } from "../build/run-build.ts";
import { connect } from "../engine/connect.ts";
import { readEngineSettings } from "../engine/settings.ts";
import { readAttributes } from "../spec/read.ts";

/** Builds the derivation of which `$NIX_BUILD_TOP` is the build folder. */
export async function build(log: Log, engineAddress?: string): Promise<void> {
  const buildTop = process.env.NIX_BUILD_TOP;
  if (!buildTop) {
    throw new VoyagerError("usage", "`voyager build` is started by Nix, not by hand", {
      why: "NIX_BUILD_TOP is not set",
      remedy: "declare a build with voyager.lib and run nix-build; `voyager shell` opens a kept one",
    });
  }
  // Files get the modes that they are given, whatever the daemon's umask is.
  process.umask(0o022);
  const { logLevel, answerTimeout } = readEngineSettings();
  log.level = logLevel;
  await runBuild(connect(engineAddress, log, answerTimeout), readAttributes(buildTop), buildTop, log);
}
