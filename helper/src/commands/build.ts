/** `voyager build`: what Nix runs as a derivation's builder. */
import { failureKinds, VoyagerError } from "../common/errors.ts";
import { endWithReader } from "../common/hangup.ts";
import type { Log } from "../common/log.ts";
import { runBuild } from "../build/run-build.ts";
import { BrokerClient, hasBroker } from "../broker/client.ts";
import { DirectEngine } from "../build/build-engine.ts";
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
  endWithReader(() => process.exit(failureKinds.killed.exitCode));
  // Files get the modes that they are given, whatever the daemon's umask is.
  process.umask(0o022);
  const { logLevel, maxBuilds, answerTimeout } = readEngineSettings();
  log.level = logLevel;
  // Whoever names an engine means that one.
  const isBrokered = !engineAddress && !process.env.DOCKER_HOST && hasBroker();
  const engine = isBrokered
    ? new BrokerClient()
    : new DirectEngine(connect(engineAddress, log, answerTimeout), maxBuilds);
  await runBuild(engine, readAttributes(buildTop), buildTop, log);
}
