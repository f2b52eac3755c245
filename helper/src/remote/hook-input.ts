/**
 * What Nix writes to its build hook, as it comes: its settings, then one `try` after another until the hook accepts
 * one, then what that build needs, to the end. Words are as in Nix's protocols: numbers of 64 bits, little endian;
 * text with its length before it, padded to a multiple of eight bytes.
 * Source: Nix 2.8, src/libstore/build/hook-instance.cc and src/build-remote/build-remote.cc.
 */

class Incomplete extends Error {}

/** Reads words. Throws Incomplete where they have not all come. */
class Cursor {
  at = 0;
  constructor(private readonly data: Buffer) {}

  number(): number {
    const end = this.at + 8;
    if (end > this.data.length) throw new Incomplete();
    const value = Number(this.data.readBigUInt64LE(this.at));
    this.at = end;
    return value;
  }

  text(): string {
    const length = this.number();
    const begin = this.at;
    const end = begin + Math.ceil(length / 8) * 8;
    if (end > this.data.length) throw new Incomplete();
    this.at = end;
    return this.data.toString("utf8", begin, begin + length);
  }

  texts(): string[] {
    return Array.from({ length: this.number() }, () => this.text());
  }
}

/** Whether a build may be made here, in a `try`: the number behind the word. */
const willingness = 16;

/** A build that Nix asks for. */
export interface Try {
  /** The whole, as Nix wrote it. */
  bytes: Buffer;
  /** Path of the derivation. */
  derivation: string;
}

/** The same, for a hook that must not say that the build be made here. */
export function unwilling({ bytes }: Try): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeBigUInt64LE(0n, willingness);
  return changed;
}

/** Takes the input apart. */
export class HookInput {
  #rest: Buffer = Buffer.alloc(0);
  #settings: Buffer | null = null;

  /** Nix's settings; null until they have come. */
  get settings(): Buffer | null {
    return this.#settings;
  }

  /**
   * Takes the next piece.
   *
   * @returns the tries that are complete with it
   * @throws Error when it is something else
   */
  write(data: Buffer): Try[] {
    this.#rest = Buffer.concat([this.#rest, data]);
    const tries: Try[] = [];
    try {
      this.#settings ??= this.#take((cursor) => {
        while (cursor.number() !== 0) {
          cursor.text();
          cursor.text();
        }
      }).bytes;
      for (;;) tries.push(this.#take(readTry));
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
    }
    return tries;
  }

  #take<T>(read: (cursor: Cursor) => T): { bytes: Buffer } & T {
    const cursor = new Cursor(this.#rest);
    const found = read(cursor);
    const bytes = this.#rest.subarray(0, cursor.at);
    this.#rest = this.#rest.subarray(cursor.at);
    return { bytes, ...found };
  }
}

function readTry(cursor: Cursor): { derivation: string } {
  const word = cursor.text();
  if (word !== "try") throw new Error(`Nix asks its build hook for '${word}', which is not known here`);
  cursor.number(); // whether Nix is willing to build it here
  cursor.text(); // platform
  const derivation = cursor.text();
  cursor.texts(); // required system features
  return { derivation };
}
