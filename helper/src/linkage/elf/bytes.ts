/** Bytes that are read where they are needed: a library of 1 GB is never read whole. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/**
 * The file is truncated, contradicts itself, or is beyond all bounds. A RangeError, because callers
 * treat a read outside of the file the same way.
 */
export class ElfError extends RangeError {
  override readonly name = "ElfError";
}

/** Bytes at offsets. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes, only to be read. Throws ElfError when they do not lie in the file. */
  read(offset: number, length: number): Buffer;
}

function refuseOutside(size: number, offset: number, length: number): void {
  // Written so that NaN and infinity fail too.
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new ElfError(
      `the file is cut or contradictory: ${length} bytes at ${offset} are not in its ${size}`,
    );
  }
}

/** A buffer as a source. */
export function bytesOf(data: Buffer): ByteSource {
  return {
    size: data.length,
    read(offset, length) {
      refuseOutside(data.length, offset, length);
      return data.subarray(offset, offset + length);
    },
  };
}

/** Small against a file, large against what is read of it at once: a dynamic section, a few names. */
const blockSize = 16 * 1024;
const mostBlocks = 16;

/** A file, opened and read in blocks that are kept a while. To be closed. */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly descriptor: number;
  readonly #blocks = new Map<number, Buffer>();

  /** Throws a system error when it cannot be opened. */
  constructor(path: string | Buffer) {
    // Not blocking: what was a file when its folder was read may be a pipe now.
    this.descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.size = fstatSync(this.descriptor).size;
  }

  read(offset: number, length: number): Buffer {
    refuseOutside(this.size, offset, length);
    const first = Math.floor(offset / blockSize);
    const start = offset - first * blockSize;
    if (start + length <= blockSize) return this.#whole(this.#block(first), start, length);
    return this.#whole(this.#fill(offset, length), 0, length);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** The file may have become shorter since it was opened. */
  #whole(data: Buffer, start: number, length: number): Buffer {
    if (start + length > data.length) throw new ElfError("the file became shorter while it was read");
    return data.subarray(start, start + length);
  }

  #block(index: number): Buffer {
    const known = this.#blocks.get(index);
    if (known) return known;
    const block = this.#fill(index * blockSize, blockSize);
    if (this.#blocks.size >= mostBlocks) this.#blocks.delete(this.#blocks.keys().next().value as number);
    this.#blocks.set(index, block);
    return block;
  }

  #fill(offset: number, length: number): Buffer {
    const data = Buffer.allocUnsafe(Math.min(length, this.size - offset));
    let filled = 0;
    while (filled < data.length) {
      const count = readSync(this.descriptor, data, filled, data.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return data.subarray(0, filled);
  }
}

/** Calls `use` with the file's bytes. Throws what `use` throws, and system errors. */
export function withFile<T>(path: string | Buffer, use: (bytes: FileSource) => T): T {
  const source = new FileSource(path);
  try {
    return use(source);
  } finally {
    source.close();
  }
}
