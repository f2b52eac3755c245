/**
 * A file that is read twice, first to judge it: what is read the second time is what was judged, or is an error
 * before any byte of it is passed on. So whoever can write to the file meanwhile gains nothing.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** Bytes that are compared at once, and so held in memory. */
const pieceSize = 1024 * 1024;

export class CheckedFile {
  readonly #handle: FileHandle;
  readonly #digests: string[] = [];
  /** Whether it was changed between the two. */
  isChanged = false;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Opens the file once, so that another one under its name is not looked at. */
  static async open(path: string): Promise<CheckedFile> {
    return new CheckedFile(await open(path));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** All of it, to be judged. */
  async *first(): AsyncGenerator<Buffer> {
    for await (const piece of this.#pieces()) {
      this.#digests.push(digestOf(piece));
      yield piece;
    }
  }

  /** All of it, as it was when it was judged. */
  async *again(): AsyncGenerator<Buffer> {
    let count = 0;
    for await (const piece of this.#pieces()) {
      if (digestOf(piece) !== this.#digests[count++]) this.#fail();
      yield piece;
    }
    if (count !== this.#digests.length) this.#fail();
  }

  #fail(): never {
    this.isChanged = true;
    throw new Error("it was changed while it was read");
  }

  /** Pieces of one size, but for the last, so that those of both times can be compared. */
  async *#pieces(): AsyncGenerator<Buffer> {
    for (let position = 0; ; position += pieceSize) {
      const piece = Buffer.allocUnsafe(pieceSize);
      let filled = 0;
      while (filled < pieceSize) {
        const { bytesRead } = await this.#handle.read(piece, filled, pieceSize - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled > 0) yield piece.subarray(0, filled);
      if (filled < pieceSize) return;
    }
  }
}

function digestOf(piece: Buffer): string {
  return createHash("sha256").update(piece).digest("base64");
}
