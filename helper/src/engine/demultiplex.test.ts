import { frame } from "../../testing/fake-daemon.ts";
import { randomPieces, seeded } from "../../testing/random.ts";
import { Demultiplexer } from "./demultiplex.ts";

/** What the streams carried, and how many pieces it came in. */
function demultiplex(chunks: Buffer[]) {
  const got = { 1: [] as Buffer[], 2: [] as Buffer[] };
  const demultiplexer = new Demultiplexer((stream, data) => {
    got[stream].push(Buffer.from(data));
  });
  for (const chunk of chunks) demultiplexer.write(chunk);
  demultiplexer.end();
  return { out: Buffer.concat(got[1]).toString(), err: Buffer.concat(got[2]).toString(), got };
}

test("two streams come apart", () => {
  const whole = Buffer.concat([frame(1, "one "), frame(2, "bad"), frame(1, "two")]);
  expect(demultiplex([whole])).toMatchObject({ out: "one two", err: "bad" });
});

test("chunks of one byte", () => {
  const whole = Buffer.concat([frame(1, "hello"), frame(2, "é")]);
  expect(demultiplex([...whole].map((byte) => Buffer.from([byte])))).toMatchObject({
    out: "hello",
    err: "é",
  });
});

test("an empty frame is nothing", () => {
  expect(demultiplex([Buffer.concat([frame(1, ""), frame(2, "x"), frame(1, "")])])).toMatchObject({
    out: "",
    err: "x",
  });
});

test("frames over chunk borders, against a slow oracle", () => {
  const random = seeded(1);
  for (let round = 0; round < 200; round++) {
    const expected = { 1: "", 2: "" };
    const frames: Buffer[] = [];
    for (let count = Math.floor(random() * 20); count >= 0; count--) {
      const stream = random() < 0.5 ? 1 : 2;
      const text = `${round}.${count}`.repeat(Math.floor(random() * 30));
      expected[stream] += text;
      frames.push(frame(stream, text));
    }
    const chunks = randomPieces(Buffer.concat(frames), 1 + Math.floor(random() * 50), random);
    expect(demultiplex(chunks)).toMatchObject({ out: expected[1], err: expected[2] });
  }
});

test("a huge frame is handed on piece by piece", () => {
  const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]); // 4 GiB
  let bytes = 0;
  const demultiplexer = new Demultiplexer((_stream, data) => {
    bytes += data.length;
  });
  demultiplexer.write(header);
  const chunk = Buffer.alloc(1024 * 1024);
  for (let count = 0; count < 4095; count++) demultiplexer.write(chunk);
  demultiplexer.write(chunk.subarray(1));
  expect(bytes).toBe(2 ** 32 - 1);
  expect(() => demultiplexer.end()).not.toThrow();
});

test("many tiny frames cost no more than their bytes", () => {
  const start = performance.now();
  demultiplex([Buffer.concat(Array.from({ length: 100_000 }, () => frame(1, "x")))]);
  expect(performance.now() - start).toBeLessThan(3000);
});

test.each([
  ["an unknown stream", [3, 0, 0, 0, 0, 0, 0, 1]],
  ["text that is not framed", [...Buffer.from("HTTP/1.1")]],
  ["padding that is not zero", [1, 0, 1, 0, 0, 0, 0, 1]],
])("%s is refused", (_name, bytes) => {
  const demultiplexer = new Demultiplexer(() => {});
  expect(() => demultiplexer.write(Buffer.from(bytes))).toThrow(/frame for unknown stream/);
});

test.each([
  ["the header", frame(1, "abc").subarray(0, 5)],
  ["the payload", frame(1, "abc").subarray(0, 10)],
])("an end within %s is told", (_name, data) => {
  expect(() => demultiplex([data])).toThrow("the engine's output stream ended in the middle of a frame");
});
