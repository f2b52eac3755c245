import { fuzz, type Random } from "../../testing/fuzz.ts";
import { makeSystem } from "../../testing/specs.ts";
import { parseRequest, Refused } from "./requests.ts";

const texts = [
  {
    ...{ version: 1, want: "run", image: `sha256:${"a".repeat(64)}`, command: ["bash"], env: { A: "b" } },
    mounts: [{ source: "/tmp/x", target: "/build", readOnly: false }],
    foundations: [{ path: "etc/passwd", mode: 0o644, owner: "root", content: { type: "File", text: "" } }],
    ...{ network: false, limits: { memory: null, cpus: null, pids: null }, firstInput: "" },
  },
  { version: 1, want: "environment", system: makeSystem(), layers: [["gcc"]], maxAge: 1, lock: null },
].map((request) => JSON.stringify(request));

const tokens = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "true",
  "\\u0000",
  "1e999",
  "-1",
  '"Privileged":true,',
  "\0",
];

/** The text with a few things put in or over what is there. */
function edited(text: string, random: Random): string {
  const at = random.below(text.length);
  const rest = text.slice(at + (random.chance(0.5) ? 0 : random.below(10)));
  const once = text.slice(0, at) + random.pick(tokens) + rest;
  return random.chance(0.5) ? once : edited(once, random);
}

// The oracle: what is accepted says what it says, in no other way, and nothing that there is not.
fuzz("broker's requests, edited as text", { runs: 5000 }, (random) => {
  const text = edited(random.pick(texts), random);
  let read: object;
  try {
    read = parseRequest(Buffer.from(text));
  } catch (error) {
    expect(error).toBeInstanceOf(Refused);
    return;
  }
  expect(JSON.stringify(JSON.parse(text))).toBe(text);
  expect(read).toEqual(JSON.parse(text));
  expect(Object.keys(read).join()).not.toMatch(/privileged/i);
});
