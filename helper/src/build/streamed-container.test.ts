import { PassThrough } from "node:stream";
import { thrownBy } from "../../testing/logs.ts";
import type { RunningContainer } from "../engine/engine.ts";
import { pieceSize } from "../transfer/pack.ts";
import type { VoyagerError } from "../common/errors.ts";
import { ContainerEnded, StreamedContainer } from "./streamed-container.ts";

function setUp() {
  const container = new StreamedContainer();
  const lifeline = new PassThrough();
  const sent: Buffer[] = [];
  lifeline.on("data", (data: Buffer) => sent.push(Buffer.from(data)));
  let end: (status: number) => void = () => {};
  const exit = new Promise<number>((resolve) => {
    end = resolve;
  });
  container.begin({ lifeline, exit } as unknown as RunningContainer);
  const secret = container.firstInput.split(" ")[1]?.trim();
  const say = (stream: 1 | 2, text: string) => container.sink(stream, Buffer.from(text));
  const word = (text: string, number = 1) => {
    for (const stream of [1, 2] as const) say(stream, `@voyager ${secret} ${text} ${number}\n`);
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
  return { container, sent: () => Buffer.concat(sent), say, word, end, secret, settled };
}

test("a script's output ends where the word comes on that stream, whatever the other one is at", async () => {
  const { container, say, secret, sent, settled } = setUp();
  let output = "";
  const running = container.run(Buffer.from("echo hello"), (data) => {
    output += data.toString();
  });
  await settled();
  expect(sent().toString()).toBe("run\n10\necho hello0\n");
  say(2, `complaint\n@voyager ${secret} answered 3 1\n`);
  say(1, "hel");
  await settled();
  say(1, `lo@voyager ${secret} answered 3 1\n`);
  expect(await running).toEqual({ status: 3, complaints: "complaint\n" });
  expect(output).toBe("hello");
});

test("the build's output is its log, up to the word", async () => {
  const { container, say, word, settled } = setUp();
  const log: string[] = [];
  const building = container.build((stream, data) => {
    log.push(`${stream}:${data}`);
  });
  await settled();
  say(1, "one@");
  say(2, "two\n");
  word("ended 0");
  expect(await building).toBe(0);
  expect(log).toEqual(["1:one", "2:two\n", "1:@"]);
});

test("frames hold what is announced, the last one filled up with zeros", async () => {
  const { container, word, sent, settled } = setUp();
  const first = Buffer.alloc(pieceSize, 1);
  const putting = container.put([first, first, Buffer.from("last")], "/build");
  await settled();
  word("answered 0");
  expect((await putting).status).toBe(0);
  const all = sent();
  const lines = [`put /build\n${pieceSize}\n`, `${2 * pieceSize}\n`];
  const [opening = "", second = ""] = lines;
  const secondAt = opening.length + pieceSize;
  expect(all.toString("latin1", 0, opening.length)).toBe(opening);
  expect(all.toString("latin1", secondAt, secondAt + second.length)).toBe(second);
  const body = all.subarray(secondAt + second.length);
  expect(body.length).toBe(2 * pieceSize + "0\n".length);
  expect(body.subarray(pieceSize, pieceSize + 5)).toEqual(Buffer.from("last\0"));
  expect(body.subarray(-3).toString()).toBe("\x000\n");
});

test("a stream that is short is not filled up", async () => {
  const { container, word, sent, settled } = setUp();
  const putting = container.put([Buffer.from("short")], "/build");
  await settled();
  word("answered 2");
  expect((await putting).status).toBe(2);
  expect(sent().toString()).toBe("put /build\n5\nshort0\n");
});

test("the container's end ends every wait", async () => {
  for (const wait of [
    (container: StreamedContainer) => container.build(() => {}),
    (container: StreamedContainer) => container.run(Buffer.from("x"), () => {}),
  ]) {
    const { container, end } = setUp();
    setTimeout(() => end(137), 10);
    const error = await thrownBy<ContainerEnded>(wait(container));
    expect(error).toBeInstanceOf(ContainerEnded);
    expect(error.status).toBe(137);
  }
});

test("words that differ, or are not what was expected, are an error", async () => {
  const one = setUp();
  const building = one.container.build(() => {});
  await one.settled();
  one.word("answered 0");
  const error = await thrownBy<VoyagerError>(building);
  expect(error.kind).toBe("engine");
  expect(error.details.why).toContain("where 'ended' was expected");

  const two = setUp();
  const running = two.container.run(Buffer.from("x"), () => {});
  await two.settled();
  two.say(1, `@voyager ${two.secret} answered 0 1\n`);
  two.say(2, `@voyager ${two.secret} answered 1 1\n`);
  expect((await thrownBy<VoyagerError>(running)).details.why).toContain("answered 1");
});

test("a word that comes twice is no answer to what is asked next", async () => {
  const { container, word, settled } = setUp();
  const first = container.run(Buffer.from("x"), () => {});
  await settled();
  word("answered 0");
  word("answered 0");
  expect((await first).status).toBe(0);
  expect(await thrownBy(container.run(Buffer.from("y"), () => {}))).toMatchObject({ kind: "engine" });
});
