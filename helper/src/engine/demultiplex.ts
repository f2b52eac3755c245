/**
 * Splits the engine's multiplexed output: frames of an 8-byte header (stream, three zeros, length
 * in big endian) and a payload. Source: Docker Engine API, "ContainerAttach", stream format.
 *
 * Payloads are handed on as they come, without joining them: a frame may be larger than memory
 * should hold, and 1-byte frames must not cost a copy of everything before them.
 */
import { readable } from "../common/readable.ts";
import type { OutputSink } from "./engine.ts";

/** Bytes of what is no frame that an error shows. */
const longestShown = 300;

export class Demultiplexer {
  readonly #header = Buffer.alloc(8);
  #headerBytes = 0;
  #payloadLeft = 0;
  #stream: 1 | 2 = 1;

  constructor(private readonly sink: OutputSink) {}

  /** Takes the next piece of the stream. Throws when it is not a multiplexed stream. */
  write(data: Buffer): void {
    let offset = 0;
    while (offset < data.length) {
      if (this.#payloadLeft > 0) {
        const piece = data.subarray(offset, offset + this.#payloadLeft);
        this.#payloadLeft -= piece.length;
        offset += piece.length;
        this.sink(this.#stream, piece);
        continue;
      }
      const copied = data.copy(this.#header, this.#headerBytes, offset, offset + 8 - this.#headerBytes);
      this.#headerBytes += copied;
      offset += copied;
      if (this.#headerBytes === 8) this.#readHeader(data, offset);
    }
  }

  /** Says that the stream has ended. Throws when it ended within a frame. */
  end(): void {
    if (this.#headerBytes > 0 || this.#payloadLeft > 0) {
      throw new Error("the engine's output stream ended in the middle of a frame");
    }
  }

  #readHeader(data: Buffer, offset: number): void {
    const stream = this.#header[0];
    if ((stream !== 1 && stream !== 2) || this.#header.readUIntBE(1, 3) !== 0) {
      // What stands there may be an error in words.
      const text = readable(Buffer.concat([this.#header, data.subarray(offset, offset + longestShown)]));
      throw new Error(`the engine's output stream has a frame for unknown stream ${stream}: ${text}`);
    }
    this.#stream = stream;
    this.#payloadLeft = this.#header.readUInt32BE(4);
    this.#headerBytes = 0;
  }
}
