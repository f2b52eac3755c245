/** What each build user may have at once and ask for in a time, so that one of them cannot starve the others. */
import { Refused } from "./requests.ts";

/** How many of something each user may have at once. */
export class AtOnce {
  readonly #counts = new Map<number, number>();

  /** @param what is counted, for messages: "connections" */
  constructor(
    private readonly most: number,
    private readonly what: string,
  ) {}

  /** Notes one more. Throws Refused when it is one too many. Returns what notes its end, once. */
  enter(uid: number): () => void {
    const count = this.#counts.get(uid) ?? 0;
    if (count >= this.most) {
      throw new Refused(`it has ${count} ${this.what} already, as many as the policy allows a build`);
    }
    this.#counts.set(uid, count + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (this.#counts.get(uid) ?? 1) - 1;
      if (left > 0) this.#counts.set(uid, left);
      else this.#counts.delete(uid);
    };
  }
}

interface Account {
  /** Requests that may come at once; one more for each part of a second. */
  tokens: number;
  since: number;
}

/** How often each user may ask. */
export class Rate {
  readonly #accounts = new Map<number, Account>();

  /**
   * @param perSecond requests, on average; twice as many may come at once
   * @param now milliseconds
   */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Notes a request. Throws Refused when it is one too many. */
  take(uid: number): void {
    const now = this.now();
    const full = 2 * this.perSecond;
    const { tokens, since } = this.#accounts.get(uid) ?? { tokens: full, since: now };
    const has = Math.min(full, tokens + ((now - since) / 1000) * this.perSecond);
    this.#accounts.set(uid, { tokens: Math.max(0, has - 1), since: now });
    if (has < 1) throw new Refused(`it has asked more often than ${this.perSecond} times in a second`);
  }
}
