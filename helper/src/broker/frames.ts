/**
 * The protocol between the helper and the broker. A connection carries one request, and what belongs to it, in
 * frames: a byte that says what it is, four bytes of length (big endian), a payload. There is no path, no
 * header, no second request: nothing that two readers could understand in two ways.
 */

/** From the helper. */
export const asks = {
  /** What is wanted: JSON, see requests.ts. Comes first, and once. */
  request: 0x01,
  /** Input of the container. */
  input: 0x02,
  inputEnd: 0x03,
  /** Whether the memory limit ended a process. */
  outOfMemory: 0x04,
  /** End it. */
  kill: 0x05,
} as const;

/** From the broker. */
export const tells = {
  /** Output of the container. */
  stdout: 0x11,
  stderr: 0x12,
  /** JSON, see requests.ts. */
  event: 0x13,
} as const;

/** Most bytes of a request: one for 5,000 store paths has one million. */
export const longestRequest = 4 * 1024 * 1024;
/** Most bytes of another frame. */
export const longestFrame = 1024 * 1024;

const headerSize = 5;

/** A frame. Data that is longer than one may be is for the caller to cut. */
export function frame(kind: number, payload: Buffer | string = ""): Buffer {
  const length = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const whole = Buffer.allocUnsafe(headerSize + length);
  whole[0] = kind;
  whole.writeUInt32BE(length, 1);
  if (typeof payload === "string") whole.write(payload, headerSize);
  else payload.copy(whole, headerSize);
  return whole;
}

/** What came is no frame that may come. */
export class BadFrame extends Error {}

/** Takes frames out of a stream. What has not come whole takes no more memory than the frame itself, however small the pieces. */
export class FrameReader {
  readonly #header = Buffer.alloc(headerSize);
  #headerBytes = 0;
  #payload: Buffer | null = null;
  #payloadBytes = 0;

  /**
   * @param limitOf most bytes of a kind at this moment; undefined: it may not come
   * @param onFrame told of each frame
   */
  constructor(
    private readonly limitOf: (kind: number) => number | undefined,
    private readonly onFrame: (kind: number, payload: Buffer) => void,
  ) {}

  /** Takes the next piece. Throws BadFrame, after which nothing more may come. */
  write(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.#payload === null) at += this.#readHeader(data, at);
      else {
        const copied = data.copy(this.#payload, this.#payloadBytes, at);
        this.#payloadBytes += copied;
        at += copied;
      }
      if (this.#payload?.length === this.#payloadBytes) this.#finish(this.#payload);
    }
  }

  /** Whether it ended between two frames. */
  get isWhole(): boolean {
    return this.#headerBytes === 0;
  }

  /** @returns how many bytes it took */
  #readHeader(data: Buffer, at: number): number {
    const copied = data.copy(this.#header, this.#headerBytes, at, at + headerSize - this.#headerBytes);
    this.#headerBytes += copied;
    // Known by the first byte: who speaks another language need not finish the sentence.
    const kind = this.#header[0] as number;
    const limit = this.limitOf(kind);
    if (limit === undefined) throw new BadFrame(`a frame of kind ${kind}, which may not come now`);
    if (this.#headerBytes < headerSize) return copied;
    const length = this.#header.readUInt32BE(1);
    if (length > limit) throw new BadFrame(`a frame of ${length} bytes, where ${limit} may come`);
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadBytes = 0;
    return copied;
  }

  #finish(payload: Buffer): void {
    this.#payload = null;
    this.#headerBytes = 0;
    this.onFrame(this.#header[0] as number, payload);
  }
}
