/** What a build needs of an engine: an environment, and a container of it. By the broker, or directly. */
import { messageOf } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import type { ContainerRequest, Engine, RunningContainer } from "../engine/engine.ts";
import { type Environment, type EnvironmentRequest, ensureEnvironment } from "../environment/environments.ts";
import { labels } from "../environment/labels.ts";
import type { Identity } from "../transfer/identity.ts";
import type { MadeEntry } from "../transfer/pack.ts";
import { type Note, noted } from "./attend.ts";
import { buildFolder } from "./layout.ts";
import { startInSlot } from "./slots.ts";

/** A build's container that is to be started. What it may do, is not for a build to say. */
export interface BuildRequest
  extends Pick<ContainerRequest, "image" | "command" | "env" | "mounts" | "network" | "limits" | "onOutput"> {
  /** The user that the build runs as. A broker takes who asks instead. */
  identity: Identity;
  firstInput: string;
  /** What is there before it starts, where files are streamed. */
  foundations: MadeEntry[];
}

/** A build's container: see RunningContainer. */
export type BuildContainer = Pick<
  RunningContainer,
  "lifeline" | "exit" | "whenEnded" | "outOfMemory" | "kill" | "traffic"
>;

/** All failures are VoyagerErrors, but for those of `start`. */
export interface BuildEngine {
  /** The environment that is asked for, made if there is no fresh one. */
  ensureEnvironment(request: EnvironmentRequest, log: Log): Promise<Environment>;
  /** Starts a container as soon as the engine may run one more. Throws what `Engine.start` throws. */
  start(request: BuildRequest, log: Log): Promise<BuildContainer>;
  /** The same, which tells of each container that it starts for the build. */
  noting(note: Note): BuildEngine;
  /** Removes, beside the build, what others have left on the engine: see environment/sweep.ts. */
  sweep(log: Log): void;
}

/** An engine whose socket builds may use themselves. */
export class DirectEngine implements BuildEngine {
  /** @param limit builds that may run at once on the engine */
  constructor(
    private readonly engine: Engine,
    private readonly limit: number,
  ) {}

  ensureEnvironment(request: EnvironmentRequest, log: Log): Promise<Environment> {
    return ensureEnvironment(this.engine, request, log);
  }

  noting(note: Note): BuildEngine {
    return new DirectEngine(noted(this.engine, note), this.limit);
  }

  sweep(log: Log): void {
    import("../environment/sweep.ts")
      .then(({ sweep }) => sweep(this.engine, log))
      .catch((error: unknown) => log.debug(`not swept: ${messageOf(error)}`));
  }

  async start({ identity, foundations, ...request }: BuildRequest, log: Log): Promise<BuildContainer> {
    // Where nothing is streamed, it is not needed, and slow to load.
    const { packMade } = foundations.length > 0 ? await import("../transfer/pack.ts") : { packMade: null };
    return startInSlot(
      { engine: this.engine, limit: this.limit, log },
      {
        ...request,
        user: `${identity.uid}:${identity.gid}`,
        workingDirectory: buildFolder,
        labels: { [labels.container]: "build" },
        privilegesOfPackageManager: false,
        ...(packMade ? { files: packMade(foundations) } : {}),
      },
    );
  }
}
