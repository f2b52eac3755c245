import { asks, BadFrame, frame, FrameReader, longestRequest } from "./frames.ts";

const all: Record<number, number> = { 1: 100, 2: 50 };

function read(pieces: Buffer[], limits = all): [number, string][] {
  const frames: [number, string][] = [];
  const reader = new FrameReader(
    (kind) => limits[kind],
    (kind, payload) => frames.push([kind, payload.toString()]),
  );
  for (const piece of pieces) reader.write(piece);
  return frames;
}

const whole = Buffer.concat([frame(1, "one"), frame(2), frame(2, "x".repeat(50)), frame(1, "ü")]);
const expected = [
  [1, "one"],
  [2, ""],
  [2, "x".repeat(50)],
  [1, "ü"],
];

test("frames in one piece, in single bytes, and cut anywhere", () => {
  expect(read([whole])).toEqual(expected);
  expect(read([...whole].map((byte) => Buffer.from([byte])))).toEqual(expected);
  for (let at = 0; at <= whole.length; at++) {
    expect(read([whole.subarray(0, at), whole.subarray(at)])).toEqual(expected);
  }
});

test("what has not come whole is not told, and is noticed at the end", () => {
  const reader = new FrameReader(
    (kind) => all[kind],
    () => {
      throw new Error("told");
    },
  );
  reader.write(whole.subarray(0, 7));
  expect(reader.isWhole).toBe(false);
});

test("a kind that may not come is known by its first byte", () => {
  expect(() => read([Buffer.from("G")])).toThrow(BadFrame);
  expect(() => read([frame(1, ""), Buffer.from([9])])).toThrow("kind 9");
});

test("a frame that is too long is known by its head", () => {
  expect(() => read([frame(2, "x".repeat(51)).subarray(0, 5)])).toThrow("51 bytes, where 50");
  const head = Buffer.from([asks.request, 0xff, 0xff, 0xff, 0xff]);
  expect(() => read([head], { [asks.request]: longestRequest })).toThrow(BadFrame);
});

test("which kinds may come, may change with each frame", () => {
  let limit: number | undefined = 10;
  const kinds: number[] = [];
  const reader = new FrameReader(
    () => limit,
    (kind) => {
      kinds.push(kind);
      limit = undefined;
    },
  );
  expect(() => reader.write(Buffer.concat([frame(1, "a"), frame(1, "b")]))).toThrow(BadFrame);
  expect(kinds).toEqual([1]);
});
