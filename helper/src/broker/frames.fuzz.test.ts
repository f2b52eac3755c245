import { fuzz } from "../../testing/fuzz.ts";
import { randomPieces } from "../../testing/random.ts";
import { BadFrame, frame, FrameReader } from "./frames.ts";

const limits: Record<number, number> = { 1: 2000, 2: 100 };

// The oracle: however it is cut, the same frames come, and the same kind of end.
fuzz("broker's frames, cut and damaged", { runs: 3000 }, (random) => {
  const sent = Array.from({ length: random.below(6) }, () => {
    const kind = random.pick([1, 2]);
    return frame(kind, Buffer.alloc(random.below((limits[kind] as number) + 1), random.below(256)));
  });
  const whole = Buffer.concat(sent);
  if (whole.length > 0 && random.chance(0.3)) whole[random.below(whole.length)] = random.below(256);
  const read = (pieces: Buffer[]) => {
    const frames: string[] = [];
    const reader = new FrameReader(
      (kind) => limits[kind],
      (kind, payload) => frames.push(`${kind}:${payload.toString("hex")}`),
    );
    try {
      for (const piece of pieces) reader.write(piece);
    } catch (error) {
      expect(error).toBeInstanceOf(BadFrame);
      return { frames, how: (error as Error).message };
    }
    return { frames, how: reader.isWhole };
  };
  expect(read(randomPieces(whole, 1 + random.below(50), () => random.fraction()))).toEqual(read([whole]));
});
