/**
 * Speaks with the supervisor of a streamed build (see `streamedSupervisor`): everything goes through the
 * container's own input and output, as each program that the engine starts beside process 1 takes it
 * 60 ms.
 */
import type { OutputSink } from "../engine/engine.ts";
import { pieceSize } from "../transfer/pack.ts";
import type { BuildContainer } from "./build-engine.ts";
import { outOfOrder, Secret, WordFinder } from "./supervised.ts";

/** Each frame costs a process in the container. */
const longestFrame = 4 * pieceSize;
const shortestFrame = pieceSize;
/** How much is kept of what programs complain. */
const longestComplaint = 4000;

/** The container ended by itself. */
export class ContainerEnded extends Error {
  constructor(readonly status: number) {
    super("the container ended before the build did");
  }
}

/** How a program in the container ended, and the end of what it wrote to standard error. */
export interface Ended {
  status: number;
  complaints: string;
}

/** Our side of it. Give `sink` to the container, then call `begin`, and each thing after the other. */
export class StreamedContainer {
  readonly #secret = new Secret();
  readonly #words: Record<1 | 2, string[]> = { 1: [], 2: [] };
  /** Words that the supervisor has said. */
  #said = 0;
  #waiting: () => void = () => {};
  #output: OutputSink = () => {};
  readonly #finders = { 1: this.#finder(1), 2: this.#finder(2) };
  #container: BuildContainer | null = null;
  /** Why nothing more comes, once it is so. */
  #lost: Error | null = null;
  #onLost: (error: Error) => void = () => {};

  readonly sink: OutputSink = (stream, data) => this.#finders[stream].write(data);

  /** What the supervisor must find on its input. */
  get firstInput(): string {
    return this.#secret.start;
  }

  /** Begins with the container that `sink` was given to. */
  begin(container: BuildContainer): void {
    this.#container = container;
    const lost = (error: Error) => {
      this.#lost = error;
      this.#onLost(error);
    };
    container.exit.then((status) => lost(new ContainerEnded(status)), lost);
  }

  /** Runs the build, and resolves with its status when nothing of it runs any more. */
  async build(output: OutputSink): Promise<number> {
    this.#output = output;
    try {
      await this.#send("start\n");
      return await this.#word("ended");
    } finally {
      for (const stream of [1, 2] as const) this.#finders[stream].end();
    }
  }

  /** Unpacks a tar stream in a folder of the container. @param pieces of `pieceSize`, but for the last */
  async put(pieces: Iterable<Buffer>, folder: string): Promise<Ended> {
    const ended = this.#expect(() => {});
    await this.#send(`put ${folder}\n`);
    // A frame is announced before it is known what is to be in it. So the last one is filled up with
    // zeros, as is the end of every tar archive. A piece that is not full is the last.
    let frame = shortestFrame;
    let left = 0;
    for (const piece of pieces) {
      if (left === 0) {
        left = piece.length < pieceSize ? piece.length : frame;
        frame = Math.min(2 * frame, longestFrame);
        await this.#send(`${left}\n`);
      }
      await this.#send(piece);
      left -= piece.length;
    }
    if (left > 0) await this.#send(Buffer.alloc(left));
    await this.#send("0\n");
    return ended();
  }

  /** Runs a script of shell and passes on its standard output. */
  async run(script: Buffer, onOutput: (data: Buffer) => void): Promise<Ended> {
    const ended = this.#expect(onOutput);
    await this.#send(Buffer.concat([Buffer.from(`run\n${script.length}\n`), script, Buffer.from("0\n")]));
    return ended();
  }

  /** Has output go where it belongs. What it returns resolves when all has come. */
  #expect(onOutput: (data: Buffer) => void): () => Promise<Ended> {
    let complaints = "";
    this.#output = (stream, data) => {
      if (stream === 1) onOutput(data);
      else complaints = (complaints + data.toString("utf8")).slice(-longestComplaint);
    };
    return async () => ({ status: await this.#word("answered"), complaints });
  }

  /** Sends, and waits until it is sent: the container may not keep pace, and memory may be used again. */
  async #send(data: Buffer | string): Promise<void> {
    const input = this.#container?.lifeline;
    if (!input) throw new Error("there is no container yet");
    await this.#unlessLost((resolve) => {
      // An error ends the container, too, which says more of it.
      input.write(data, (error) => {
        if (!error) resolve();
      });
    });
  }

  /** Waits. Not by a race with a promise for the container's end, which would remember each. */
  #unlessLost(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onLost = reject;
      if (this.#lost) reject(this.#lost);
      else begin(resolve);
    });
  }

  /** Resolves with the status that comes with the word, when both streams have said it. */
  async #word(word: "ended" | "answered"): Promise<number> {
    while (this.#words[1].length === 0 || this.#words[2].length === 0) {
      await this.#unlessLost((resolve) => {
        this.#waiting = resolve;
      });
    }
    const [one, two] = [this.#words[1].shift(), this.#words[2].shift()];
    const status = /^(\w+) (\d+) (\d+)$/.exec(one ?? "");
    // A number, because what comes twice must not pass for the next answer.
    if (one !== two || status?.[1] !== word || Number(status[3]) !== ++this.#said) {
      throw outOfOrder(`the supervisor said '${one}' and '${two}' where '${word}' was expected`);
    }
    return Number(status[2]);
  }

  #finder(stream: 1 | 2): WordFinder {
    return new WordFinder(
      this.#secret.mark,
      (data) => this.#output(stream, data),
      (word) => {
        this.#words[stream].push(word);
        this.#waiting();
      },
    );
  }
}
