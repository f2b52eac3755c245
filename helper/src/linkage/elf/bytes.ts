/** Reads parts of a file, however large it is: ELF files have little that is of interest. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Something with bytes; a read outside of it throws RangeError. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Buffer;
}

const blockSize = 16 * 1024;
/** Blocks kept: what one file's tables take. Memory stays below 1 MB. */
const mostBlocks = 48;

function checkRange(source: { size: number }, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.size)) {
    throw new RangeError(`the file ends before byte ${offset + length} that it speaks of`);
  }
}

class FileBytes implements ByteSource {
  readonly #blocks = new Map<number, Buffer>();

  constructor(
    private readonly descriptor: number,
    readonly size: number,
  ) {}

  read(offset: number, length: number): Buffer {
    checkRange(this, offset, length);
    const first = Math.floor(offset / blockSize);
    const from = offset - first * blockSize;
    if (from + length <= blockSize) return this.#block(first).subarray(from, from + length);
    if (length > blockSize * mostBlocks) throw new RangeError(`a table of ${length} bytes`);
    const parts: Buffer[] = [];
    for (let block = first; block * blockSize < offset + length; block++) parts.push(this.#block(block));
    return Buffer.concat(parts).subarray(from, from + length);
  }

  #block(number: number): Buffer {
    const known = this.#blocks.get(number);
    if (known) return known;
    if (this.#blocks.size >= mostBlocks) this.#blocks.clear();
    const block = Buffer.alloc(Math.min(blockSize, this.size - number * blockSize));
    const read = readSync(this.descriptor, block, 0, block.length, number * blockSize);
    if (read < block.length) throw new RangeError("the file became shorter while it was read");
    this.#blocks.set(number, block);
    return block;
  }
}

/** A whole file in memory. */
export function bytesOf(data: Buffer): ByteSource {
  return {
    size: data.length,
    read(offset, length) {
      checkRange(this, offset, length);
      return data.subarray(offset, offset + length);
    },
  };
}

/** Calls `use` with the file's bytes. Throws what `use` throws, and system errors. */
export function withFile<T>(path: string | Buffer, use: (bytes: ByteSource) => T): T {
  const descriptor = openSync(path, "r");
  try {
    return use(new FileBytes(descriptor, fstatSync(descriptor).size));
  } finally {
    closeSync(descriptor);
  }
}
