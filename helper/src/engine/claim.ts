/**
 * A container's name as a claim: the engine gives each name to one container only, whoever asks, and
 * frees it when that container is gone, however its owner ended. So a name is a lock that holds for
 * every process that uses the engine and that nobody can forget to release.
 */
import { type ContainerRequest, type Engine, NameTaken, type RunningContainer } from "./engine.ts";

/** Milliseconds after which a container that was made and never started is nobody's: its owner died in between. */
export const abandonedAfter = 30_000;

/** An attempt to claim a name, which may have to be repeated. */
export class Claim {
  /** A holder that does not run, and since when we see it so: the engine's clock may be another. */
  #idle: { id: string; since: number } | null = null;

  constructor(
    private readonly engine: Engine,
    readonly name: string,
  ) {}

  /** Starts the container under the name; null while another has it. Throws what `Engine.start` throws. */
  async start(request: Omit<ContainerRequest, "name">): Promise<RunningContainer | null> {
    try {
      return await this.engine.start({ ...request, name: this.name });
    } catch (error) {
      if (!(error instanceof NameTaken)) throw error;
      await this.#removeAbandoned(error);
      return null;
    }
  }

  async #removeAbandoned(taken: NameTaken): Promise<void> {
    const holder = taken.holder === undefined ? await this.engine.containerState(this.name) : taken.holder;
    if (!holder || holder.running) this.#idle = null;
    else if (holder.id !== this.#idle?.id) this.#idle = { id: holder.id, since: performance.now() };
    else if (performance.now() - this.#idle.since > abandonedAfter) {
      await this.engine.removeContainer(holder.id);
    }
  }
}
