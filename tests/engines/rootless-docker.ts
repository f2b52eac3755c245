/** Docker without root: the package of this machine's Debian, in namespaces that rootlesskit makes for a user. */
import { existsSync } from "node:fs";
import type { Way } from "./engine.ts";
import { RootlessUser } from "./rootless-user.ts";

/** Debian installs it as an example. */
const script = "/usr/share/docker.io/contrib/dockerd-rootless.sh";

export const rootlessDocker: Way = {
  name: "rootless Docker of this Debian",
  binds: false,
  hasAll: false,
  async start() {
    for (const file of [script, "/dev/net/tun"]) {
      if (!existsSync(file)) return { impossible: `there is no ${file}` };
    }
    const user = new RootlessUser("voyager-rootless-d");
    const network = "DOCKERD_ROOTLESS_ROOTLESSKIT_NET=slirp4netns";
    return user.serve((address) => ["env", network, "sh", script, "--host", address, "--log-level", "warn"]);
  },
};
