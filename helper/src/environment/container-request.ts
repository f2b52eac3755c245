/** The containers in which package managers work: environments being made, and questions to repositories. */
import type { ContainerRequest, Volume } from "../engine/engine.ts";
import { labels } from "./labels.ts";

/** A container that runs as root with a package manager's capabilities, and lives as long as its input is open. */
export function packageManagerContainer(
  request: Pick<ContainerRequest, "name" | "image" | "network"> & { volumes?: Volume[] },
): ContainerRequest {
  return {
    ...request,
    command: ["/bin/sh", "-c", "cat >/dev/null"],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
    user: "0:0",
    workingDirectory: "/",
    mounts: [],
    labels: { [labels.container]: "environment" },
    privilegesOfPackageManager: true,
    limits: { memory: null, cpus: null, pids: null },
    onOutput: () => {},
  };
}
