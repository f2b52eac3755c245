/** What each build user may have open and ask, so that one of them cannot starve the others. */
import { Refused } from "./requests.ts";

interface Account {
  open: number;
  /** Requests that may come at once; one more for each part of a second. */
  tokens: number;
  since: number;
}

export class ClientLimits {
  readonly #accounts = new Map<number, Account>();

  /**
   * @param connections of one user at once
   * @param perSecond requests of one user, on average; twice as many may come at once
   * @param now milliseconds
   */
  constructor(
    private readonly connections: number,
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Notes a connection. Throws Refused when it is one too many. Returns what notes its end. */
  enter(uid: number): () => void {
    const account = this.#accounts.get(uid) ?? { open: 0, tokens: 2 * this.perSecond, since: this.now() };
    this.#accounts.set(uid, account);
    const now = this.now();
    const more = ((now - account.since) / 1000) * this.perSecond;
    account.tokens = Math.min(2 * this.perSecond, account.tokens + more);
    account.since = now;
    if (account.open >= this.connections)
      throw new Refused(`${account.open} connections are open, as many as a build may have`);
    if (account.tokens < 1) throw new Refused(`more than ${this.perSecond} requests in a second`);
    account.tokens--;
    account.open++;
    return () => {
      account.open--;
      // Nothing is kept of who has gone for longer than it could matter.
      if (account.open === 0) setTimeout(() => this.#forget(uid), 2000).unref();
    };
  }

  #forget(uid: number): void {
    const account = this.#accounts.get(uid);
    if (account && account.open === 0 && this.now() - account.since >= 2000) this.#accounts.delete(uid);
  }
}
