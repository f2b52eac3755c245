/** Containers of a bare base image, for questions to the system's repositories. */
import type { Log } from "../common/log.ts";
import type { Engine, RunningContainer } from "../engine/engine.ts";
import type { System } from "../spec/spec.ts";
import { requireBaseImage } from "./base-image.ts";
import { labels } from "./labels.ts";

/** Runs something in a container of the system's base image, with network, and removes it. */
export async function inBaseContainer<T>(
  engine: Engine,
  system: System,
  log: Log,
  action: (container: RunningContainer) => Promise<T>,
): Promise<T> {
  const base = await requireBaseImage(engine, system, log);
  const container = await engine.start({
    name: null,
    image: base.id,
    // Lives as long as its input is open.
    command: ["/bin/sh", "-c", "cat >/dev/null"],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
    user: "0:0",
    workingDirectory: "/",
    mounts: [],
    labels: { [labels.container]: "environment" },
    network: true,
    privilegesOfPackageManager: true,
    limits: { memory: null, cpus: null, pids: null },
    onOutput: () => {},
  });
  try {
    return await action(container);
  } finally {
    await container.kill();
  }
}
