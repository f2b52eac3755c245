/** One connection of a client: its request, what comes after it, and what it is told. */
import type { Socket } from "node:net";
import { asVoyagerError } from "../common/errors.ts";
import { asks, BadFrame, frame, FrameReader, longestFrame, longestRequest, tells } from "./frames.ts";
import { type BrokerEvent, type BrokerRequest, parseRequest, Refused } from "./requests.ts";

/** Milliseconds in which a request must have come. */
const requestTimeout = 10_000;
/** Bytes of output that wait for the client; after that the engine waits. */
const mostWaiting = 1024 * 1024;

/** What a client says after its request. */
export interface Listener {
  /** Resolves when it may be followed by more. */
  onInput(data: Buffer): Promise<void>;
  onInputEnd(): void;
  onOutOfMemory(): void;
  onKill(): void;
}

const afterwards: Record<number, number> = {
  [asks.input]: longestFrame,
  [asks.inputEnd]: 0,
  [asks.outOfMemory]: 0,
  [asks.kill]: 0,
};

/** What a client says and is told. Ask for the request first, then listen. */
export class Conversation {
  /** Comes when the client has gone, or has said what it may not say. */
  readonly gone: AbortSignal;
  readonly #controller = new AbortController();
  #listener: Listener | null = null;
  #settle: ((request: Buffer | Refused) => void) | null = null;
  #input: Promise<void> = Promise.resolve();
  #drained: Promise<void> | null = null;

  constructor(private readonly socket: Socket) {
    this.gone = this.#controller.signal;
    const leave = () => {
      this.#controller.abort();
      this.#settle?.(new Refused("it went without a request"));
    };
    socket.on("error", leave);
    socket.on("close", leave);
    // A client that has said all it will say is gone, too: the helper says so by a frame of its own.
    socket.on("end", leave);
  }

  /** The request. Rejects with Refused. */
  async request(): Promise<BrokerRequest> {
    const reader = new FrameReader(
      (kind) => this.#limitOf(kind),
      (kind, payload) => this.#hear(kind, payload),
    );
    const payload = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => this.#settle?.(new Refused("no request came in time")), requestTimeout);
      this.#settle = (request) => {
        clearTimeout(timer);
        this.#settle = null;
        if (request instanceof Refused) reject(request);
        else resolve(request);
      };
      this.socket.on("data", (data: Buffer) => {
        try {
          if (!this.gone.aborted) reader.write(data);
        } catch (error) {
          if (!(error instanceof BadFrame)) throw error;
          this.#settle?.(new Refused(error.message));
          this.#controller.abort();
        }
      });
    });
    return parseRequest(payload);
  }

  /** One request, and nothing before there is a container that it could be for. */
  #limitOf(kind: number): number | undefined {
    if (this.#settle) return kind === asks.request ? longestRequest : undefined;
    return this.#listener ? afterwards[kind] : undefined;
  }

  /** Has somebody listen to what comes after the request. */
  listen(listener: Listener): void {
    this.#listener = listener;
  }

  #hear(kind: number, payload: Buffer): void {
    if (kind === asks.request) this.#settle?.(Buffer.from(payload));
    else if (kind === asks.input) this.#pass(this.#listener?.onInput(Buffer.from(payload)));
    else if (kind === asks.inputEnd) this.#input.then(() => this.#listener?.onInputEnd());
    else if (kind === asks.outOfMemory) this.#listener?.onOutOfMemory();
    else this.#listener?.onKill();
  }

  /** Reads no more until the container has taken what came: memory is not for what it does not take. */
  #pass(taken: Promise<void> | undefined): void {
    this.socket.pause();
    this.#input = Promise.all([this.#input, taken]).then(
      () => {
        this.socket.resume();
      },
      () => {
        this.socket.resume(); // its container has ended, and the client will be told
      },
    );
  }

  /** Output of the container. What it returns resolves when more may come. */
  output(stream: 1 | 2, data: Buffer): Promise<void> | undefined {
    const kind = stream === 1 ? tells.stdout : tells.stderr;
    for (let at = 0; at < data.length; at += longestFrame) {
      this.socket.write(frame(kind, data.subarray(at, at + longestFrame)));
    }
    if (this.socket.writableLength < mostWaiting || this.gone.aborted) return undefined;
    // One for all that wait: a listener for each piece of output would be remembered until the end.
    this.#drained ??= new Promise((resolve) => {
      const settle = () => {
        this.#drained = null;
        this.socket.off("drain", settle);
        this.gone.removeEventListener("abort", settle);
        resolve();
      };
      this.socket.on("drain", settle);
      this.gone.addEventListener("abort", settle);
    });
    return this.#drained;
  }

  /** Tells something. What a client that has gone is told is lost. */
  tell(event: BrokerEvent): void {
    if (!this.socket.writable) return;
    this.socket.write(frame(tells.event, JSON.stringify(event)));
  }

  /** Tells why it ends. Anything else than a VoyagerError is a defect, and said so. */
  fail(error: unknown): void {
    const { kind, what, details, said } = asVoyagerError(error);
    if (said) this.tell({ event: "output", text: said });
    const { why, remedy } = details;
    this.tell({ event: "error", kind, what, ...(why ? { why } : {}), ...(remedy ? { remedy } : {}) });
  }

  /** Does something once the client has gone; at once if it has. */
  whenGone(action: () => void): void {
    if (this.gone.aborted) action();
    else this.gone.addEventListener("abort", action, { once: true });
  }

  /** Has it taken for gone: its process has ended, or it may no longer ask. */
  leave(): void {
    this.#controller.abort();
  }

  /** Ends it when all is sent, whether or not the client has said all that it would. */
  end(): void {
    // What it still sends is thrown away: if it were left unread, the kernel would take back what we said.
    this.socket.resume();
    this.socket.end();
    // One that never reads, or never ends, would keep it.
    setTimeout(() => this.socket.destroy(), 1000).unref();
  }
}
