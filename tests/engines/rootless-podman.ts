/** Podman without root: the package of this machine's Debian. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustSync } from "../support/run.ts";
import type { Way } from "./engine.ts";
import { RootlessUser } from "./rootless-user.ts";

/** As docs/setup.md has them. */
const settings = ({ home, runtime }: RootlessUser) => ({
  // crun 1.8 refuses machines that have both versions of cgroups.
  "containers.conf": '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
  // Podman 4.3 cannot make images where the file names a driver, but not these two.
  "storage.conf": `[storage]
driver = "overlay"
runroot = "${runtime}/containers"
graphroot = "${home}/.local/share/containers/storage"
`,
});

export const rootlessPodman: Way = {
  name: "rootless Podman of this Debian",
  binds: false,
  hasAll: false,
  async start() {
    if (!existsSync("/dev/net/tun")) return { impossible: "there is no /dev/net/tun" };
    const user = new RootlessUser("voyager-rootless-p");
    const config = join(user.home, ".config/containers");
    mkdirSync(config, { recursive: true });
    for (const [name, text] of Object.entries(settings(user))) writeFileSync(join(config, name), text);
    mustSync("chown", ["-R", `${user.name}:`, join(user.home, ".config")]);
    return user.serve((address) => ["podman", "system", "service", "--time=0", address]);
  },
};
