import { type Hook, RetryingHook } from "./retrying-hook.ts";

const number = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string) => {
  const bytes = Buffer.alloc(Math.ceil(value.length / 8) * 8);
  bytes.write(value);
  return Buffer.concat([number(value.length), bytes]);
};
const settings = Buffer.concat([number(1), text("cores"), text("0"), number(0)]);
const asked = (willing: number) =>
  Buffer.concat([
    text("try"),
    number(willing),
    text("x86_64-linux"),
    text("/nix/store/a.drv"),
    number(1),
    text("docker"),
  ]);
const needs = Buffer.concat([number(1), text("/nix/store/in"), number(1), text("out")]);
const error = (msg: string) => `@nix ${JSON.stringify({ action: "msg", level: 0, msg })}`;
const lost = error("error: unexpected end-of-file");

/** A conversation: what Nix would get to hear, and what each hook that was started got. */
async function converse(hooks: { says: string[]; status: number }[], question = asked(1)) {
  const answers: string[] = [];
  const heard: Buffer[] = [];
  let accepted = () => {};
  const isAccepted = new Promise<void>((resolve) => {
    accepted = resolve;
  });
  const start = (): Hook => {
    const mine = heard.push(Buffer.alloc(0)) - 1;
    const { says = [], status = 1 } = hooks[mine] ?? {};
    let fed = () => {};
    const isFed = new Promise<void>((resolve) => {
      fed = resolve;
    });
    return {
      write: (data) => {
        heard[mine] = Buffer.concat([heard[mine] as Buffer, data]);
      },
      end: () => fed(),
      status: Promise.resolve(status),
      lines: (async function* () {
        for (const line of says) {
          // As Nix's own: errors come when all that a build needs was given.
          if (line.startsWith("@nix")) await isFed;
          yield line;
        }
      })(),
    };
  };
  const input = (async function* () {
    yield settings;
    yield question;
    await isAccepted;
    yield needs;
  })();
  const answer = (line: string) => {
    answers.push(line);
    if (line.startsWith("ssh-ng:") || line.startsWith("# decline")) accepted();
  };
  const status = await new RetryingHook({ start, input, answer }).run();
  return { status, answers, heard };
}

test("a build that succeeds: what both sides say passes through", async () => {
  const says = ["# accept", "ssh-ng://one", '@nix {"action":"start"}'];
  const { status, answers, heard } = await converse([{ says, status: 0 }]);
  expect({ status, answers }).toEqual({ status: 0, answers: says });
  expect(heard).toEqual([Buffer.concat([settings, asked(1), needs])]);
});

test("the builder is gone: another hook is asked the same, and Nix hears of it but not of the error", async () => {
  const { status, answers, heard } = await converse([
    { says: ["# accept", "ssh-ng://one", lost], status: 1 },
    { says: ["# accept", "ssh-ng://two", '@nix {"action":"start"}'], status: 0 },
  ]);
  expect(status).toBe(0);
  const told =
    '{"action":"msg","level":1,"msg":"nix-voyager: ssh-ng://one is gone: /nix/store/a.drv is built on ssh-ng://two instead"}';
  expect(answers).toEqual(["# accept", "ssh-ng://one", `@nix ${told}`, '@nix {"action":"start"}']);
  // It must not leave the build to this machine, as nobody would make it then.
  expect(heard[1]).toEqual(Buffer.concat([settings, asked(0), needs]));
});

test("no other builder is free: it waits, and says so once", async () => {
  const { status, heard, answers } = await converse([
    { says: ["# accept", "ssh-ng://one", lost], status: 1 },
    { says: ["# postpone", "# postpone", "# accept", "ssh-ng://two"], status: 0 },
  ]);
  expect(status).toBe(0);
  expect(heard[1]).toEqual(Buffer.concat([settings, asked(0), asked(0), asked(0), needs]));
  expect(answers.filter((line) => line.includes("waits for another builder"))).toHaveLength(1);
});

test("there is no other builder: the first error is told", async () => {
  const { status, answers } = await converse([
    { says: ["# accept", "ssh-ng://one", lost], status: 1 },
    { says: ["cannot build on 'ssh-ng://one'", "# decline"], status: 0 },
  ]);
  expect(status).toBe(1);
  expect(answers).toEqual(["# accept", "ssh-ng://one", "cannot build on 'ssh-ng://one'", lost]);
});

test.each([
  [
    "a build that failed",
    "error: build of '/nix/store/a.drv' on 'ssh-ng://one' failed: Connection refused",
    1,
  ],
  ["a build that failed for good", "error: builder failed", 100],
  ["what is not known", "error: No space left on device", 1],
])("%s is not made again", async (_what, message, status) => {
  const says = ["# accept", "ssh-ng://one", error(message)];
  const result = await converse([{ says, status }]);
  expect({ status: result.status, answers: result.answers }).toEqual({ status, answers: says });
  expect(result.heard).toHaveLength(1);
});

test("what the builder's Nix says meanwhile is passed on at once, and does not count", async () => {
  const warning = error("warning: unable to download: Connection refused");
  const full = error("error: No space left on device");
  const under = ["# accept", "ssh-ng://one", warning, '@nix {"action":"start"}', full];
  const { status, answers, heard } = await converse([{ says: under, status: 1 }]);
  expect({ status, answers }).toEqual({ status: 1, answers: under });
  expect(heard).toHaveLength(1);
});

test("what was under way ends behind the error", async () => {
  const stop = '@nix {"action":"stop","id":1}';
  const { status, answers } = await converse([
    { says: ["# accept", "ssh-ng://one", lost, stop], status: 1 },
    { says: ["# accept", "ssh-ng://two"], status: 0 },
  ]);
  expect(status).toBe(0);
  expect(answers).toContain(stop);
  expect(answers).not.toContain(lost);
});

test("a Nix that asks otherwise: passed on, and not asked again", async () => {
  const gone = { says: ["# accept", "ssh-ng://one", lost], status: 1 };
  const { status, heard } = await converse([gone], Buffer.concat([text("try-this"), number(1)]));
  expect(status).toBe(1);
  expect(heard).toHaveLength(1);
  expect(heard[0]?.includes("try-this")).toBe(true);
});

test("builders that are gone one after another: an end comes", async () => {
  const gone = { says: ["# accept", "ssh-ng://one", lost], status: 1 };
  const { status, heard, answers } = await converse(Array(10).fill(gone));
  expect(status).toBe(1);
  expect(heard).toHaveLength(4);
  expect(answers.at(-1)).toBe(lost);
});

test("a hook that declines: no build, no error", async () => {
  const { status, answers } = await converse([{ says: ["# decline"], status: 0 }]);
  expect({ status, answers }).toEqual({ status: 0, answers: ["# decline"] });
});
