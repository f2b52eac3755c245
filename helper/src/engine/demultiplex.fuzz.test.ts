import { mutated, fuzz, type Random } from "../../testing/fuzz.ts";
import { frame } from "../../testing/fake-daemon.ts";
import { Demultiplexer } from "./demultiplex.ts";

/** What comes out of a stream: what was carried before it broke, and how it broke. */
interface Outcome {
  1: string;
  2: string;
  failure: "frame" | "end" | null;
}

/** The same, from the description of the format and with all of the stream at hand. */
function reference(data: Buffer): Outcome {
  const outcome: Outcome = { 1: "", 2: "", failure: null };
  for (let at = 0; at < data.length; ) {
    if (data.length - at < 8) return { ...outcome, failure: "end" };
    const [stream, ...zeros] = data.subarray(at, at + 4);
    if ((stream !== 1 && stream !== 2) || zeros.some((byte) => byte !== 0)) {
      return { ...outcome, failure: "frame" };
    }
    const length = data.readUInt32BE(at + 4);
    const payload = data.subarray(at + 8, at + 8 + length);
    outcome[stream] += payload.toString("latin1");
    if (payload.length < length) return { ...outcome, failure: "end" };
    at += 8 + length;
  }
  return outcome;
}

function demultiplexed(chunks: Buffer[]): Outcome {
  const outcome: Outcome = { 1: "", 2: "", failure: null };
  const demultiplexer = new Demultiplexer((stream, data) => {
    if (data.length === 0) throw new Error("an empty piece was handed on");
    outcome[stream] += data.toString("latin1");
  });
  try {
    for (const chunk of chunks) demultiplexer.write(chunk);
    demultiplexer.end();
  } catch (error) {
    const { message } = error as Error;
    if (/frame for unknown stream/.test(message)) outcome.failure = "frame";
    else if (/ended in the middle of a frame/.test(message)) outcome.failure = "end";
    else throw error;
  }
  return outcome;
}

function stream(random: Random): Buffer {
  const frames = Array.from({ length: random.below(12) }, () => {
    const length = random.chance(0.2) ? 0 : random.below(random.chance(0.9) ? 40 : 3000);
    const text = String.fromCharCode(...Array.from({ length }, () => 32 + random.below(95)));
    return frame(random.pick([1, 2]), text);
  });
  return Buffer.concat(frames);
}

/** Pieces of any length, also none. */
function cut(data: Buffer, random: Random): Buffer[] {
  const longest = random.pick([1, 2, 7, 8, 9, 60, 5000]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const length = random.below(longest + 1);
    chunks.push(data.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

let whole = 0;
fuzz("demultiplexer, in any pieces, against a reader of the whole", { runs: 2500 }, (random) => {
  const made = stream(random);
  const data = random.chance(0.5) || made.length === 0 ? made : mutated(made, random);
  const expected = reference(data);
  if (expected.failure === null) whole++;
  expect(demultiplexed(cut(data, random))).toEqual(expected);
  expect(demultiplexed([data])).toEqual(expected);
});

test("both whole and broken streams were among them", () => {
  if (process.env.VOYAGER_FUZZ_RUNS !== undefined) return;
  expect(whole).toBeGreaterThan(300);
  expect(whole).toBeLessThan(2200);
});
