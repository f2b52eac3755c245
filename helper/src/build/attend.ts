/**
 * Stays with what a build starts on the engine: ends it when the build takes too long or is silent for too
 * long, and whenever the build fails, so that nothing of it goes on, however it failed.
 */
import { VoyagerError } from "../common/errors.ts";
import type { Engine, RunningContainer } from "../engine/engine.ts";
import type { Spec } from "../spec/spec.ts";

/** Most milliseconds between two looks at whether anything came. */
const longestTick = 1000;

type Limits = Pick<Spec, "name" | "timeout" | "silenceTimeout">;

/** Runs a build with an engine that knows what the build starts. Throws what the build throws. */
export async function attend<T>(
  engine: Engine,
  limits: Limits,
  build: (engine: Engine) => Promise<T>,
): Promise<T> {
  const started = new Started();
  const exceeded = new TimeLimits(limits, started);
  try {
    return await Promise.race([build(started.watched(engine)), exceeded.error]);
  } catch (error) {
    await started.kill();
    throw error;
  } finally {
    exceeded.stop();
  }
}

/** The containers that a build has started. */
class Started {
  readonly #starts = new Set<Promise<RunningContainer>>();
  /** Those that are not known to have ended. */
  readonly #running = new Set<RunningContainer>();

  /** The engine, of which each start is noted. */
  watched(engine: Engine): Engine {
    const start: Engine["start"] = (request) => this.#note(engine.start(request));
    return new Proxy(engine, {
      get: (target, name) => {
        if (name === "start") return start;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async #note(start: Promise<RunningContainer>): Promise<RunningContainer> {
    this.#starts.add(start);
    try {
      const container = await start;
      this.#running.add(container);
      container.exit.then(
        () => {
          this.#running.delete(container);
          this.#starts.delete(start);
        },
        () => {}, // it may run on
      );
      return container;
    } catch (error) {
      this.#starts.delete(start);
      throw error;
    }
  }

  /** Bytes to and from the containers that run; null when none does. */
  traffic(): number | null {
    if (this.#running.size === 0) return null;
    return [...this.#running].reduce((sum, container) => sum + container.traffic(), 0);
  }

  /** Ends all, also those that are on their way. An engine that does not let us ends them by itself. */
  async kill(): Promise<void> {
    const kills = [...this.#starts].map((start) => start.then((container) => container.kill()));
    await Promise.allSettled(kills);
  }
}

/** What the user allows. */
class TimeLimits {
  /** Rejects when a limit is exceeded; else it never settles. */
  readonly error: Promise<never>;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(
    { name, timeout, silenceTimeout }: Limits,
    private readonly started: Started,
  ) {
    this.error = new Promise((_resolve, reject) => {
      if (timeout !== null) {
        const what = `${name} takes longer than its timeout of ${timeout} s`;
        const remedy = "raise `timeout`; the times of each step are above";
        const late = () => reject(new VoyagerError("killed", what, { remedy }));
        this.#timers.push(setTimeout(late, timeout * 1000));
      }
      if (silenceTimeout !== null) {
        const what = `nothing has come from ${name} for ${silenceTimeout} s, its silenceTimeout`;
        const remedy =
          "raise `silenceTimeout`, or have the build say now and then what it is at;\nif it is the engine that is stuck, its own log may tell why";
        this.#watchSilence(silenceTimeout * 1000, () => reject(new VoyagerError("killed", what, { remedy })));
      }
    });
    this.error.catch(() => {}); // it may come when nobody waits for it any more
  }

  /** Counts looks, not the clock: while the helper itself is at work, it hears nothing. */
  #watchSilence(longest: number, onSilence: () => void): void {
    const tick = Math.min(longestTick, longest / 4);
    let before: number | null = null;
    let silence = 0;
    const look = () => {
      const now = this.started.traffic();
      silence = now === null || now !== before ? 0 : silence + tick;
      before = now;
      if (silence >= longest) onSilence();
    };
    this.#timers.push(setInterval(look, tick));
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
