/**
 * Stays with what a build starts on the engine: ends it when the build takes too long or is silent for too
 * long, and whenever the build fails, so that nothing of it goes on, however it failed.
 */
import { VoyagerError } from "../common/errors.ts";
import type { RunningContainer } from "../engine/engine.ts";
import type { Spec } from "../spec/spec.ts";

/** Most milliseconds between two looks at whether anything came. */
const longestTick = 1000;

type Limits = Pick<Spec, "name" | "timeout" | "silenceTimeout">;

/** What is attended of a container. */
export type Attended = Pick<RunningContainer, "exit" | "kill" | "traffic">;

/** Notes a container that is being started. */
export type Note = <C extends Attended>(start: Promise<C>) => Promise<C>;

/** The same engine, of which each start is noted. */
export function noted<E extends { start: (...args: never[]) => Promise<Attended> }>(
  engine: E,
  note: Note,
): E {
  const start = (...args: never[]) => note(engine.start(...args));
  return new Proxy(engine, {
    get: (target, name) => {
      if (name === "start") return start;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * Runs a build with an engine that knows what the build starts. Throws what the build throws.
 *
 * @param engine gives the engine that notes its starts
 */
export async function attend<E, T>(
  engine: (note: Note) => E,
  limits: Limits,
  build: (engine: E) => Promise<T>,
): Promise<T> {
  const started = new Started();
  const exceeded = new TimeLimits(limits, started);
  try {
    return await Promise.race([build(engine((start) => started.note(start))), exceeded.error]);
  } catch (error) {
    await started.kill();
    throw error;
  } finally {
    exceeded.stop();
  }
}

/** The containers that a build has started. */
class Started {
  readonly #starts = new Set<Promise<Attended>>();
  /** Those that are not known to have ended. */
  readonly #running = new Set<Attended>();

  async note<C extends Attended>(start: Promise<C>): Promise<C> {
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
