/**
 * Nix's own build hook, asked again where the builder of a build that had begun is gone. Which builder a build goes
 * to, and all that follows, is left to Nix: this only starts its hook once more, with the same question.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HookInput, type Try, unwilling } from "./hook-input.ts";
import { isEnd, isError, isLoss } from "./lost-builder.ts";

/** One run of Nix's hook. */
export interface Hook {
  write(data: Buffer): void;
  end(): void;
  /** Its standard error by lines. Ends with it. */
  lines: AsyncIterable<string>;
  /** Its exit status; a signal is 1. */
  status: Promise<number>;
}

/** What a hook ends with when something went wrong, whatever it was; others say what it was. */
const failed = 1;
/** How often a build is begun at most. */
const mostBuilders = 4;
/** Milliseconds until a hook is asked again that has no free builder. */
const postponed = 1000;

export interface Surroundings {
  /** @param isFirst whether no build was accepted yet */
  start(isFirst: boolean): Hook;
  /** What Nix writes to its hook. */
  input: AsyncIterable<Buffer>;
  /** Writes a line to Nix. */
  answer(line: string): void;
}

export class RetryingHook {
  readonly #input = new HookInput();
  /** The build that was asked for last. */
  #asked: Try | null = null;
  /** What it needs, once it was accepted. */
  readonly #needs: Buffer[] = [];
  #builder: string | null = null;

  constructor(private readonly nix: Surroundings) {}

  /** Does what Nix's hook does; resolves with its exit status. */
  async run(): Promise<number> {
    const first = this.nix.start(true);
    const handed = this.#handOn(first);
    handed.catch(() => {}); // awaited where it matters
    let { status, lastError } = await this.#follow(first);
    for (let builders = 1; builders < mostBuilders; builders++) {
      if (status !== failed || lastError === null || !isLoss(lastError)) break;
      await handed;
      const again = await this.#again();
      if (again === null) break;
      ({ status, lastError } = again);
    }
    if (lastError !== null) this.nix.answer(lastError);
    return status;
  }

  /** Hands on what Nix writes, and keeps what a second hook would need. */
  async #handOn(hook: Hook): Promise<void> {
    let isUnderstood = true;
    for await (const data of this.nix.input) {
      hook.write(data);
      if (this.#builder !== null) this.#needs.push(data);
      else if (isUnderstood) isUnderstood = this.#understand(data);
    }
    hook.end();
  }

  /** Remembers what is asked. @returns false where it is another Nix's: it is passed on, but not asked again */
  #understand(data: Buffer): boolean {
    try {
      for (const one of this.#input.write(data)) this.#asked = one;
      return true;
    } catch {
      this.#asked = null;
      return false;
    }
  }

  /**
   * Passes on what a hook says, but for the error that it ends with, which waits until it is known what it leads
   * to. Others are of the level of errors, too: what the builder's own Nix warns of.
   */
  async #follow(hook: Hook): Promise<{ status: number; lastError: string | null }> {
    let lastError: string | null = null;
    let isAccepted = false;
    for await (const line of hook.lines) {
      if (this.#builder === null && isAccepted) this.#builder = line;
      isAccepted ||= line === "# accept";
      const isHeld = this.#builder !== null && isError(line);
      // What was under way ends behind the error, and is not another word.
      if (lastError !== null && (isHeld || !isEnd(line))) {
        this.nix.answer(lastError);
        lastError = null;
      }
      if (isHeld) lastError = line;
      else this.nix.answer(line);
    }
    return { status: await hook.status, lastError };
  }

  /** Has the build made elsewhere; null when nobody can. */
  async #again(): Promise<{ status: number; lastError: string | null } | null> {
    const { settings } = this.#input;
    if (settings === null || this.#asked === null) return null;
    const question = unwilling(this.#asked);
    const hook = this.nix.start(false);
    hook.write(settings);
    hook.write(question);
    let isTold = false;
    const lines = hook.lines[Symbol.asyncIterator]();
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const line = next.value;
      if (line.startsWith("# decline")) break;
      if (line === "# postpone") {
        if (!isTold)
          this.#tell(`${this.#builder} is gone: ${this.#asked.derivation} waits for another builder`);
        isTold = true;
        await sleep(postponed);
        hook.write(question);
      } else if (line === "# accept") {
        const builder = String((await lines.next()).value);
        this.#tell(`${this.#builder} is gone: ${this.#asked.derivation} is built on ${builder} instead`);
        this.#builder = builder;
        for (const data of this.#needs) hook.write(data);
        hook.end();
        return this.#follow({ ...hook, lines: { [Symbol.asyncIterator]: () => lines } });
      } else this.nix.answer(line);
    }
    hook.end();
    return null;
  }

  /** A warning, in the form of Nix's own log. */
  #tell(text: string): void {
    const msg = `nix-voyager: ${text}`;
    this.nix.answer(`@nix ${JSON.stringify({ action: "msg", level: 1, msg })}`);
  }
}
