import { keptLog } from "../../testing/logs.ts";
import { randomPieces, seeded } from "../../testing/random.ts";
import { OutputLog, type OutputLogOptions } from "./output-log.ts";

function makeOutput(options: OutputLogOptions = {}) {
  let written = Buffer.alloc(0);
  const { log, messages } = keptLog();
  const write = (data: Uint8Array) => {
    written = Buffer.concat([written, data]);
  };
  const output = new OutputLog(log, { ...options, write });
  const print = (text: string | Buffer, stream: 1 | 2 = 1) => output.sink(stream, Buffer.from(text));
  return { output, print, messages, written: () => written.toString() };
}

test("whole lines pass as they come, the rest at the end", () => {
  const { output, print, written } = makeOutput();
  print("one\ntw");
  expect(written()).toBe("one\n");
  print("o\nthree");
  expect(written()).toBe("one\ntwo\n");
  output.end();
  expect(written()).toBe("one\ntwo\nthree\n");
});

test("lines of the two streams do not mix", () => {
  const { output, print, written } = makeOutput();
  print("out ");
  print("err ", 2);
  print("put\n");
  print("or\n", 2);
  output.end();
  expect(written()).toBe("out put\nerr or\n");
});

test("the last lines are kept", () => {
  const { output, print } = makeOutput({ tailLines: 3 });
  print("1\n2\n");
  print("3\n4\n", 2);
  print("5");
  expect(output.tail()).toEqual(["2", "3", "4"]);
  output.end();
  expect(output.tail()).toEqual(["3", "4", "5"]);
});

test("twenty lines by default, of however many", () => {
  const { output, print } = makeOutput();
  print(Array.from({ length: 1000 }, (_, index) => `${index}\n`).join(""));
  expect(output.tail()).toHaveLength(20);
  expect(output.tail().at(-1)).toBe("999");
});

test("phases are not printed, but timed", () => {
  const { output, print, messages, written } = makeOutput();
  print("@voyager phase unpack\nfiles\n@voyager phase build\n");
  print("compiling\n@voy");
  print("ager phase install\n");
  output.end();
  expect(written()).toBe("files\ncompiling\n");
  expect(messages).toEqual(["phase unpack", "phase build", "phase install"]);
  expect(output.tail()).toEqual(["files", "compiling"]);
});

test("a mark within a line is no phase", () => {
  const { output, print, messages, written } = makeOutput();
  print("echo @voyager phase x\n");
  output.end();
  expect(written()).toBe("echo @voyager phase x\n");
  expect(messages).toEqual([]);
});

test("characters that are split over chunks stay whole", () => {
  const random = seeded(4);
  const text = "größe\nファイル 🚀\n@voyager phase bauen-größe\nende\n";
  for (let round = 0; round < 50; round++) {
    const { output, print, messages, written } = makeOutput();
    for (const piece of randomPieces(Buffer.from(text), 4, random)) print(piece);
    output.end();
    expect(written()).toBe("größe\nファイル 🚀\nende\n");
    expect(messages).toEqual(["phase bauen-größe"]);
    expect(output.tail()).toEqual(["größe", "ファイル 🚀", "ende"]);
  }
});

test("bytes that are no text pass unchanged", () => {
  let written = Buffer.alloc(0);
  const write = (data: Uint8Array) => {
    written = Buffer.concat([written, data]);
  };
  const output = new OutputLog(keptLog().log, { write });
  const latin1 = Buffer.from([0xe4, 0xff, 0x00, 0x0a]);
  output.sink(1, latin1);
  expect(written).toEqual(latin1);
});

test("a line without an end does not stay in memory", () => {
  const { output, print, written } = makeOutput();
  for (let count = 0; count < 10; count++) print("x".repeat(50_000));
  expect(written().length).toBeGreaterThan(400_000);
  output.end();
  expect(written().trimEnd() === "x".repeat(500_000)).toBe(true);
});

test("nothing of a long line is lost, whatever is in it", () => {
  const { output, print, written } = makeOutput();
  const long = `${"x".repeat(70_000)}@voyager phase y`;
  print(long);
  print(" end\n");
  output.end();
  expect(written() === `${long} end\n`).toBe(true);
});

test("what a receiver keeps is its own, even if the chunk is used again", () => {
  const { output, written } = makeOutput();
  const chunk = Buffer.from("first");
  output.sink(1, chunk);
  chunk.fill("z");
  output.end();
  expect(written()).toBe("first\n");
});

test("no output, no lines", () => {
  const { output, written } = makeOutput();
  output.end();
  expect({ tail: output.tail(), written: written() }).toEqual({ tail: [], written: "" });
});

test("credentials are in neither log nor tail", () => {
  const redact = (text: string) => text.replaceAll("secret", "***");
  const { output, print, written } = makeOutput({ redact });
  print("the sec");
  print(`ret\n@voyager phase x\n${"x".repeat(70_000)} secret`);
  print("\nlast secret");
  output.end();
  expect(written()).not.toContain("secret");
  expect(output.tail().at(-1)).toBe("last ***");
});
