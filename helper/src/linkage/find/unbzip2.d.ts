/** The decoder within unbzip2-stream, of which only the stream has types. */
declare module "unbzip2-stream/lib/bzip2.js" {
  /** Reads so many bits; null: up to the next byte. */
  type Bits = ((count: number | null) => number) & { bytesRead: number };
  const decoder: {
    /** Reads the beginning of a stream; the size of its blocks in 100,000 bytes. */
    header(bits: Bits): number;
    /** Reads a block. @returns the sum of all blocks; null when the stream has ended instead */
    decompress(
      bits: Bits,
      put: (byte: number) => void,
      block: Int32Array,
      blockBytes: number,
      sum: number,
    ): number | null;
  };
  export default decoder;
}

declare module "unbzip2-stream/lib/bit_iterator.js" {
  /** @param next the next bytes, asked for when there are no more */
  export default function bitIterator(
    next: () => Buffer,
  ): ((count: number | null) => number) & { bytesRead: number };
}
