/** `voyager channel`: what Nix runs as the builder of a channel. */
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { count } from "../common/text.ts";
import { makeChannel } from "../channel/make.ts";
import { readChannelAttributes } from "../spec/channel.ts";

/** Makes the channel of which `$NIX_BUILD_TOP` is the build folder. */
export async function channel(log: Log): Promise<void> {
  const buildTop = process.env.NIX_BUILD_TOP;
  if (!buildTop) {
    throw new VoyagerError("usage", "`voyager channel` is started by Nix, not by hand", {
      why: "NIX_BUILD_TOP is not set",
      remedy: "declare a channel with voyager.lib.mkChannel and run nix-build",
    });
  }
  // Files get the modes that they are given, whatever the daemon's umask is.
  process.umask(0o022);
  const { channel: spec, outputs } = readChannelAttributes(buildTop);
  const { packages } = await makeChannel(spec, outputs.out);
  log.info(`channel ${spec.name}: ${count(packages.length, "package")}, all with the verdict pass`);
}
