/** Who may run, one after another: builds wait for a place in the order in which they came. */

/** A place that was given. */
export interface Place {
  /** From 1. */
  number: number;
  release(): void;
}

interface Waiting {
  memory: number;
  give(place: Place): void;
}

/** Gives places, of which there are so many, for builds that together have no more memory than they may. */
export class Queue {
  readonly #free: number[];
  readonly #waiting: Waiting[] = [];
  #memory = 0;

  /**
   * @param limit places
   * @param memory bytes of all who have one; null: no limit. One that alone needs more gets a place alone.
   */
  constructor(
    readonly limit: number,
    private readonly memory: number | null = null,
  ) {
    this.#free = Array.from({ length: limit }, (_, index) => index + 1);
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves with a place; null when the signal comes first. */
  async enter(memory: number, signal: AbortSignal): Promise<Place | null> {
    if (signal.aborted) return null;
    return new Promise((resolve) => {
      const waiting: Waiting = {
        memory,
        give: (place) => {
          signal.removeEventListener("abort", leave);
          resolve(place);
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(null);
        this.#next();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  /** The first is never passed over, however little the second needs: else a large one might wait for ever. */
  #next(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (!first || this.#free.length === 0) return;
      const isAlone = this.#free.length === this.limit;
      if (this.memory !== null && !isAlone && this.#memory + first.memory > this.memory) return;
      this.#waiting.shift();
      const number = this.#free.shift() as number;
      this.#memory += first.memory;
      let released = false;
      first.give({
        number,
        release: () => {
          if (released) return;
          released = true;
          this.#free.push(number);
          this.#memory -= first.memory;
          this.#next();
        },
      });
    }
  }
}
