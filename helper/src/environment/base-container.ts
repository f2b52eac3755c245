/** Containers of a bare base image, for questions to the system's repositories. */
import type { Log } from "../common/log.ts";
import type { Engine, RunningContainer } from "../engine/engine.ts";
import type { System } from "../spec/spec.ts";
import { requireBaseImage } from "./base-image.ts";
import { packageManagerContainer } from "./container-request.ts";

/** Runs something in a container of the system's base image, with network, and removes it. */
export async function inBaseContainer<T>(
  engine: Engine,
  system: System,
  log: Log,
  action: (container: RunningContainer) => Promise<T>,
): Promise<T> {
  const base = await requireBaseImage(engine, system, log);
  const container = await engine.start(
    packageManagerContainer({ name: null, image: base.id, network: true }),
  );
  try {
    return await action(container);
  } finally {
    await container.kill();
  }
}
