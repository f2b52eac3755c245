/**
 * Fuzzing: many cases from one seed, each to be found again.
 *
 *     fuzz("reader of x", { runs: 2000 }, (random) => { … expect(…) … });
 *
 * VOYAGER_FUZZ_RUNS says how many cases there are of each kind (else what the test says, some seconds),
 * VOYAGER_FUZZ_SEED where they begin: a case that fails names the seed that gives it alone.
 */
import { seeded } from "./random.ts";

/** Random values; the same in every run of a case. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  /** In [0, 1). */
  fraction(): number {
    return this.#next();
  }

  /** A whole number in [0, most). */
  below(most: number): number {
    return Math.floor(this.#next() * most);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** One of them, of which there must be one. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

export interface FuzzOptions {
  /** Cases when nothing else is said. */
  runs: number;
  /** Milliseconds that a case may take. */
  mostTime?: number;
}

const environmentNumber = (name: string): number | null => {
  const text = process.env[name];
  if (text === undefined || text === "") return null;
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, not '${text}'`);
  return Number(text);
};

/** A test of many cases. It tells how many there were. */
export function fuzz(
  name: string,
  { runs, mostTime = 2000 }: FuzzOptions,
  one: (random: Random) => void | Promise<void>,
): void {
  const count = environmentNumber("VOYAGER_FUZZ_RUNS") ?? runs;
  const first = environmentNumber("VOYAGER_FUZZ_SEED") ?? 1;
  // A case may take long, but not all of them together: jest must not end what was asked for.
  const timeout = Math.max(60_000, count * 100);
  test(
    `fuzz: ${name}`,
    async () => {
      const start = performance.now();
      for (let seed = first; seed < first + count; seed++) await runCase(name, seed, mostTime, one);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      process.stderr.write(`fuzz: ${name}: ${count} cases from seed ${first} in ${seconds} s\n`);
    },
    timeout,
  );
}

async function runCase(
  name: string,
  seed: number,
  mostTime: number,
  one: (random: Random) => void | Promise<void>,
): Promise<void> {
  const start = performance.now();
  try {
    await one(new Random(seed));
  } catch (error) {
    process.stderr.write(`fuzz: ${name}: again with VOYAGER_FUZZ_SEED=${seed} VOYAGER_FUZZ_RUNS=1\n`);
    throw error;
  }
  const time = performance.now() - start;
  if (time > mostTime) {
    throw new Error(`${name}: the case of VOYAGER_FUZZ_SEED=${seed} took ${Math.round(time)} ms`);
  }
}

/** Numbers at which programs go wrong. */
const oddBytes = [0, 1, 0x20, 0x2e, 0x2f, 0x30, 0x37, 0x7f, 0x80, 0xfe, 0xff];

/** The data with some changes: bytes, bits, parts that are gone, doubled or moved. */
export function mutated(data: Buffer, random: Random, mostChanges = 4): Buffer {
  let changed = Buffer.from(data);
  for (let left = 1 + random.below(mostChanges); left > 0 && changed.length > 0; left--) {
    changed = mutatedOnce(changed, random);
  }
  return changed;
}

function mutatedOnce(data: Buffer<ArrayBuffer>, random: Random): Buffer<ArrayBuffer> {
  const at = random.below(data.length);
  const length = 1 + random.below(random.chance(0.8) ? 16 : 1024);
  switch (random.below(8)) {
    case 0:
      data[at] = (data[at] ?? 0) ^ (1 << random.below(8));
      return data;
    case 1:
      data[at] = random.pick(oddBytes);
      return data;
    case 2:
      data.fill(random.pick(oddBytes), at, Math.min(at + length, data.length));
      return data;
    case 3:
      for (let place = at; place < Math.min(at + length, data.length); place++)
        data[place] = random.below(256);
      return data;
    case 4:
      return Buffer.concat([data.subarray(0, at), data.subarray(at + length)]);
    case 5:
      return Buffer.concat([data.subarray(0, at + length), data.subarray(at)]);
    case 6: {
      const from = random.below(data.length);
      data.copy(data, at, from, from + length);
      return data;
    }
    default:
      return Buffer.from(data.subarray(0, at));
  }
}
