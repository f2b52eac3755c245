/** Engines from Debian 13's packages, in a container of the machine's engine that may do everything. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { voyagerCommand } from "../support/nix.ts";
import { must, mustSync, run } from "../support/run.ts";
import { targetImage } from "../support/target.ts";
import { socketIn, type TestEngine, untilItAnswers, type Way } from "./engine.ts";

/** One image for all of them. Without catatonit, Podman has no process 1 to give a container. */
const packages = [
  ...["docker.io", "iptables", "podman", "netavark", "aardvark-dns", "catatonit", "crun"],
  ...["nftables", "ca-certificates"],
];

/**
 * All that an engine needs, where --privileged would ask for what this machine itself may not do. Cgroups are
 * there to read only, and engines make some.
 */
const privileges = [
  ...["SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "MKNOD", "DAC_READ_SEARCH"].flatMap((name) => [
    "--cap-add",
    name,
  ]),
  ...["seccomp", "apparmor", "systempaths"].flatMap((what) => ["--security-opt", `${what}=unconfined`]),
  ...["--device-cgroup-rule", "a *:* rwm", "--device", "/dev/net/tun"],
];
const prepare = `for folder in $(sed -n 's/^cgroup2\\? \\([^ ]*\\) .*/\\1/p' /proc/mounts); do
  mount -o remount,bind,rw "$folder"
done`;

/** Starts `command`, which serves `socket`, where Debian 13 is; `folders` are not on an overlay there. */
async function startInTrixie(
  command: (socket: string) => string,
  memoryMessage: RegExp,
): Promise<TestEngine> {
  await must(await voyagerCommand(), ["image", "bootstrap", "debian13"]);
  const image = await targetImage(packages, "debian13");
  const [socketFolder, shared, apart] = ["engine", "shared", "apart"].map((what) =>
    mkdtempSync(join(tmpdir(), `voyager-${what}-`)),
  ) as [string, string, string];
  mustSync("chmod", ["755", socketFolder]);
  const name = `voyager-test-engine-${process.pid}-${socketFolder.slice(-6)}`;
  const volumes = [
    ...[socketFolder, shared].map((folder) => `${folder}:${folder}`),
    // An overlay cannot lie on another one.
    ...["/var/lib/docker", "/var/lib/containers"],
    "/nix/store:/nix/store:ro",
  ];
  const stop = async () => {
    await run("docker", ["rm", "--force", "--volumes", name]);
    for (const folder of [socketFolder, shared, apart]) rmSync(folder, { recursive: true, force: true });
  };
  const address = `unix://${socketIn(socketFolder)}`;
  try {
    await must("docker", [
      ...["run", "--detach", "--rm", "--init", "--name", name, ...privileges],
      ...volumes.flatMap((volume) => ["--volume", volume]),
      ...[image, "sh", "-ec", `${prepare}\n${command(socketIn(socketFolder))}`],
    ]);
    await untilItAnswers(address, 30, () => mustSync("sh", ["-c", `docker logs --tail 20 ${name} 2>&1`]));
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, socketFolder, shared, apart, asUser: [], hasOthers: false, memoryMessage, stop };
}

export const trixieDocker: Way = {
  name: "Docker of Debian 13",
  binds: true,
  hasAll: false,
  start: () =>
    startInTrixie(
      (socket) => `exec dockerd --host unix://${socket} --log-level warn`,
      /needs more memory than its limit of 64 MiB/,
    ),
};

export const trixiePodman: Way = {
  name: "Podman of Debian 13",
  binds: true,
  hasAll: false,
  start: () =>
    startInTrixie((socket) => {
      // There is no systemd to put containers into cgroups, and no journal.
      const settings = '[engine]\\ncgroup_manager = "cgroupfs"\\nevents_logger = "file"\\n';
      return `mkdir -p /etc/containers
        printf '${settings}' >/etc/containers/containers.conf
        exec podman system service --time=0 unix://${socket}`;
    }, /was killed by SIGKILL/),
};
