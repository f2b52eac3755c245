/** Bounds of what archives may unpack to: generous for real packages, small against a bomb. */

/** An archive that is damaged, of an unknown make, or beyond all bounds. Its message says which. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** What is said of an archive of which more than `Limits.unreadable` cannot be read. */
export const tooMuch = "too much in it cannot be read; the rest was not looked into";

export interface Limits {
  /** Archives within archives: the outermost is the first. */
  depth: number;
  /** Entries of all archives together. */
  entries: number;
  /** Bytes that all archives together unpack to, as far as they are unpacked. */
  bytes: number;
  /** Bytes of one ELF file or archive within an archive. */
  memberBytes: number;
  /** Things in one outermost archive that cannot be read; nobody reads more, and each costs time. */
  unreadable: number;
  /** Unpacked size over packed size of one archive; asked only beyond `ratioFrom` bytes. */
  ratio: number;
  ratioFrom: number;
}

const gigabyte = 1024 ** 3;

/** The largest packages (CUDA, browsers) unpack to some GB, at a ratio below 20. */
export const defaultLimits: Limits = {
  depth: 4,
  entries: 2_000_000,
  bytes: 16 * gigabyte,
  memberBytes: 4 * gigabyte,
  unreadable: 100,
  ratio: 200,
  ratioFrom: gigabyte / 4,
};

/** A size as people read it. */
export function size(bytes: number): string {
  return bytes < 1024 ** 2 ? `${bytes} bytes` : `${Math.round(bytes / 1024 ** 2)} MB`;
}

/** What all archives of one search have used up. */
export class Budget {
  #entries = 0;
  #bytes = 0;

  constructor(readonly limits: Limits) {}

  /** Counts one entry of an archive. Throws ArchiveError. */
  entry(): void {
    if (++this.#entries > this.limits.entries) {
      throw new ArchiveError(`the archives have more than ${this.limits.entries} entries together`);
    }
  }

  /** Counts what one archive unpacks to. @param packed its size */
  archive(packed: number): (bytes: number) => void {
    const { limits } = this;
    let unpacked = 0;
    return (bytes) => {
      unpacked += bytes;
      this.#bytes += bytes;
      if (this.#bytes > limits.bytes) {
        throw new ArchiveError(`the archives unpack to more than ${size(limits.bytes)} together`);
      }
      if (unpacked > limits.ratioFrom && unpacked > packed * limits.ratio) {
        throw new ArchiveError(
          `the archive has ${size(packed)} and unpacks to more than ${limits.ratio} times of it`,
        );
      }
    };
  }
}
