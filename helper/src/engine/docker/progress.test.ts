import { Readable } from "node:stream";
import { randomPieces, seeded } from "../../../testing/random.ts";
import { followProgress } from "./progress.ts";

const isDone = ({ status }: { status?: string }) => status === "done";
const lines = (...messages: object[]) => messages.map((one) => `${JSON.stringify(one)}\r\n`).join("");
const follow = (...chunks: (string | Buffer)[]) =>
  followProgress(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), isDone);

test("the final message makes it a success", async () => {
  await follow(lines({ status: "pulling" }, { status: "done" }));
});

test("the last message needs no newline", async () => {
  await follow(lines({ status: "pulling" }), '{"status":"done"}');
});

test("an error under status 200 is an error", async () => {
  const text = lines(
    { status: "pulling" },
    { error: "no such manifest", errorDetail: {} },
    { status: "done" },
  );
  await expect(follow(text)).rejects.toThrow("no such manifest");
});

test("a stream that ends early is an error", async () => {
  await expect(follow(lines({ status: "pulling" }))).rejects.toThrow("ended before it said that it was done");
  await expect(follow()).rejects.toThrow("ended before it said that it was done");
});

test("a stream that ends within a message is an error", async () => {
  await expect(follow('{"status":"do')).rejects.toThrow(/JSON/);
});

test("a stream that breaks is an error", async () => {
  const broken = new Readable({ read() {} });
  broken.push(lines({ status: "done" }));
  setImmediate(() => broken.destroy(new Error("connection reset")));
  await expect(followProgress(broken, isDone)).rejects.toThrow("connection reset");
});

test("characters that are split over chunks stay whole", async () => {
  const text = Buffer.from(lines({ status: "größer 🚀 ファイル" }, { status: "done" }));
  const random = seeded(2);
  for (let round = 0; round < 20; round++) {
    const seen: (string | undefined)[] = [];
    await followProgress(Readable.from(randomPieces(text, 3, random)), (message) => {
      seen.push(message.status);
      return isDone(message);
    });
    expect(seen).toEqual(["größer 🚀 ファイル", "done"]);
  }
});
