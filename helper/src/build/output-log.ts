/**
 * Passes a container's output to the log as it comes, line by line; keeps the last lines for error
 * messages; and translates the phases that stage scripts announce.
 */
import { announcePhase, type Log, secondsSince, writeToStderr } from "../common/log.ts";
import type { OutputSink } from "../engine/engine.ts";

/** A stage script prints this, and a name, when it begins a phase. */
const phaseMark = "@voyager phase ";
/** A line that is longer is passed on in pieces, so that memory stays bounded. */
const longestLine = 64 * 1024;

export interface OutputLogOptions {
  /** How many of the last lines are kept. */
  tailLines?: number;
  /** Takes credentials out of what is logged. */
  redact?: ((text: string) => string) | null;
  write?: (data: Uint8Array) => void;
}

export class OutputLog {
  #rest: Record<1 | 2, Buffer> = { 1: Buffer.alloc(0), 2: Buffer.alloc(0) };
  readonly #tail: string[] = [];
  #phase: { name: string; start: number } | null = null;

  readonly #tailLines: number;
  readonly #redact: OutputLogOptions["redact"];
  readonly #write: (data: Uint8Array) => void;

  constructor(
    private readonly log: Log,
    { tailLines = 20, redact = null, write = writeToStderr }: OutputLogOptions = {},
  ) {
    this.#tailLines = tailLines;
    this.#redact = redact;
    this.#write = write;
  }

  readonly sink: OutputSink = (stream, data) => {
    const whole = this.#rest[stream].length > 0 ? Buffer.concat([this.#rest[stream], data]) : data;
    const lastNewline = whole.lastIndexOf(10);
    if (lastNewline < 0) {
      const tooLong = whole.length >= longestLine;
      if (tooLong) this.#write(this.#clean(whole));
      this.#rest[stream] = tooLong ? Buffer.alloc(0) : Buffer.from(whole);
      return;
    }
    this.#rest[stream] = Buffer.from(whole.subarray(lastNewline + 1));
    this.#take(whole.subarray(0, lastNewline + 1));
  };

  /** Passes on what has no newline at its end, and closes the last phase. */
  end(): void {
    for (const stream of [1, 2] as const) {
      if (this.#rest[stream].length > 0) this.#take(Buffer.concat([this.#rest[stream], Buffer.from("\n")]));
      this.#rest[stream] = Buffer.alloc(0);
    }
    this.#endPhase();
  }

  /** The last lines of output. */
  tail(): string[] {
    return [...this.#tail];
  }

  #clean(data: Buffer): Buffer {
    return this.#redact ? Buffer.from(this.#redact(data.toString("utf8"))) : data;
  }

  #take(output: Buffer): void {
    const block = this.#clean(output);
    const text = block.toString("utf8");
    if (!text.includes(phaseMark)) {
      this.#write(block);
      this.#keep(text.split("\n").slice(0, -1));
      return;
    }
    for (const line of text.split("\n").slice(0, -1)) {
      if (line.startsWith(phaseMark)) {
        this.#endPhase();
        const name = line.slice(phaseMark.length).trim();
        this.#phase = { name, start: performance.now() };
        announcePhase(name);
      } else {
        this.#write(Buffer.from(`${line}\n`));
        this.#keep([line]);
      }
    }
  }

  #keep(lines: string[]): void {
    this.#tail.push(...lines.slice(-this.#tailLines));
    this.#tail.splice(0, Math.max(0, this.#tail.length - this.#tailLines));
  }

  #endPhase(): void {
    if (!this.#phase) return;
    this.log.info({ seconds: secondsSince(this.#phase.start) }, `phase ${this.#phase.name}`);
    this.#phase = null;
  }
}
