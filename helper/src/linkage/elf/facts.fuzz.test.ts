import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readelf } from "../../../testing/elf-files.ts";
import { temporaryFolders } from "../../../testing/folders.ts";
import { fuzz, mutated, type Random } from "../../../testing/fuzz.ts";
import { bytesOf, ElfError, withFile } from "./bytes.ts";
import { readElf } from "./facts.ts";
import { undefinedSymbols } from "./symbols.ts";

const folder = temporaryFolders();
const libraries = "/usr/lib/x86_64-linux-gnu";
const files = ["/bin/true", `${libraries}/libc.so.6`, `${libraries}/libz.so.1`, `${libraries}/libm.so.6`].map(
  (file) => realpathSync(file),
);
const corpus = files.map((file) => readFileSync(file));

/** What a reader says of a file: its answer, or that it refuses it. Throws what is neither. */
function answer<T>(read: () => T): T | "refused" {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) return "refused";
    throw error;
  }
}

test("what is not changed says what readelf says", () => {
  const expected = readelf(files);
  for (const file of files) {
    const { needed, soname, interpreter, buildId, versionsNeeded } = withFile(file, readElf);
    const facts = { needed, soname, interpreter, buildId, versionsNeeded: { ...versionsNeeded } };
    expect({ file, ...expected.get(file) }).toMatchObject({ file, ...facts });
  }
});

/** Where the tables are that are read: headers at both ends, and what the dynamic section names. */
function interesting(data: Buffer, random: Random): number {
  switch (random.below(4)) {
    case 0:
      return random.below(64);
    case 1:
      return 64 + random.below(13 * 56);
    case 2:
      return random.below(Math.min(data.length, 0x8000));
    default:
      return data.length - 1 - random.below(Math.min(data.length, 0x4000));
  }
}

const numbers = [0n, 1n, 0x7fn, 0xffn, 0xffffn, 0x7fffffffn, 0xffffffffn, (1n << 63n) - 1n, (1n << 64n) - 1n];

function changed(random: Random): Buffer {
  const whole = random.pick(corpus);
  if (random.chance(0.3)) return mutated(whole, random, 8);
  const data = Buffer.from(whole);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = interesting(data, random);
    const place = Math.min(random.chance(0.7) ? at - (at % 8) : at, data.length - 8);
    const number = random.chance(0.5) ? random.pick(numbers) : BigInt(random.below(data.length));
    if (random.chance(0.5)) data[at] = random.below(256);
    else data.writeBigUInt64LE(number, place);
  }
  return data;
}

const outcomes = { read: 0, refused: 0 };
fuzz("ELF reader, on files that are changed", { runs: 2500 }, (random) => {
  const data = changed(random);
  const facts = answer(() => readElf(bytesOf(data)));
  const symbols = answer(() => undefinedSymbols(bytesOf(data)));
  outcomes[facts === "refused" ? "refused" : "read"]++;
  if (facts !== "refused") {
    // What goes into reports must be text, and bounded.
    const texts = [facts.soname, facts.interpreter, ...facts.needed, ...facts.rpath, ...facts.runpath];
    for (const text of texts) if (text !== null) expect(text).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(facts.needed.length).toBeLessThanOrEqual(1000);
  }
  if (!random.chance(0.05)) return;
  // Read in blocks, from a disk, it says the same.
  const file = join(folder(), "x");
  writeFileSync(file, data);
  expect(answer(() => withFile(file, readElf))).toEqual(facts);
  expect(answer(() => withFile(file, undefinedSymbols))).toEqual(symbols);
});

test("both kinds of outcome were among them", () => {
  if (process.env.VOYAGER_FUZZ_RUNS !== undefined) return;
  expect(outcomes.read).toBeGreaterThan(100);
  expect(outcomes.refused).toBeGreaterThan(500);
});
