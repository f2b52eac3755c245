import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { Supervised } from "./supervised.ts";

function setUp() {
  let log = "";
  const supervised = new Supervised((stream, data) => {
    log += `${stream}:${data.toString()}|`;
  });
  const secret = supervised.start.split(" ")[1]?.trim();
  const say = (text: string, stream: 1 | 2 = 2) => supervised.sink(stream, Buffer.from(text));
  return { supervised, secret, say, log: () => log };
}

test("the supervisor's words are taken out of the log, wherever they are cut", async () => {
  const word = (secret?: string) => `before\n@voyager ${secret} ended\nafter\n`;
  const length = word("x".repeat(32)).length;
  for (let cut = 1; cut < length; cut++) {
    const { supervised, secret, say, log } = setUp();
    say(word(secret).slice(0, cut));
    say(word(secret).slice(cut));
    await supervised.wait("ended");
    expect(log().replaceAll("2:", "").replaceAll("|", "")).toBe("before\nafter\n");
  }
});

test("a word after output that has no newline at its end", async () => {
  const { supervised, secret, say, log } = setUp();
  say(`no newline@voyager ${secret} ended\n@voyager ${secret} answered\n`);
  await supervised.wait("ended");
  await supervised.wait("answered");
  expect(log()).toBe("2:no newline|");
});

test("what only looks like a word is output, at once when it cannot be one", () => {
  const { say, log } = setUp();
  say("@voyager 0123 ended\n");
  say("mail@");
  say("example\n");
  expect(log()).toBe("2:@voyager 0123 ended\n|2:mail|2:@example\n|");
});

test("the beginning of a word at the end of all output is output", () => {
  const { supervised, say, log } = setUp();
  say("see you @voy");
  expect(log()).toBe("2:see you |");
  supervised.end();
  expect(log()).toBe("2:see you |2:@voy|");
});

test("standard output is never searched", () => {
  const { supervised, secret, say, log } = setUp();
  say(`@voyager ${secret} ended\n`, 1);
  supervised.end();
  expect(log()).toBe(`1:@voyager ${secret} ended\n|`);
});

test("another word than the one expected is an error", async () => {
  const { supervised, secret, say } = setUp();
  say(`@voyager ${secret} answered\n`);
  const error = await thrownBy<VoyagerError>(supervised.wait("ended"));
  expect(error.kind).toBe("engine");
  expect(error.details.why).toContain("said 'answered' where 'ended'");
});
