/** Random numbers that are the same in every run: a test that fails must fail again. */

/** Numbers in [0, 1) by mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cuts data into pieces of random length, at most `longest` bytes. */
export function randomPieces(data: Buffer, longest: number, random: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const length = 1 + Math.floor(random() * longest);
    pieces.push(data.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
