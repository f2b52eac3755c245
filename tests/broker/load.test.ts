/** Very many builds by way of one broker, from more clients than may run. */
import { tell } from "../../helper/testing/tell.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nixBuild } from "../support/nix.ts";
import { OwnBroker } from "../support/own-broker.ts";

const clients = 20;
const buildsOfEach = 10;
const limit = 4;
/** Bytes of memory that the broker may take, whatever waits. */
const mostMemory = 250e6;

let broker: OwnBroker;
beforeAll(async () => {
  broker = await OwnBroker.start({ inAll: { builds: limit } });
});
afterAll(async () => {
  await broker.stop();
  await broker.expectNothingLeft();
});

test(`${clients * buildsOfEach} builds from ${clients} clients: all succeed, none is starved`, async () => {
  const builds = (client: number) => `map (number: build {
    pname = "load-${client}-\${toString number}";
    buildScript = "head -c 200000 /dev/urandom | od >&2; date +%s%N >$out/ran";
  }) (builtins.genList (number: number) ${buildsOfEach})`;
  const started = Date.now();
  const results = await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const result = await nixBuild(builds(client), ["-j", "2", "--quiet", ...broker.nixOptions]);
      return { ...result, seconds: (Date.now() - started) / 1000 };
    }),
  );
  const failed = results.filter(({ status }) => status !== 0).map(({ stderr }) => stderr.slice(-2000));
  expect(failed).toEqual([]);
  const outputs = results.flatMap(({ stdout }) => stdout.trim().split("\n"));
  expect(outputs.length).toBe(clients * buildsOfEach);
  for (const output of outputs) expect(readFileSync(join(output, "ran"), "utf8")).toMatch(/^\d+\n$/);

  // Each of the clients is as far as the others when most is done: who comes first is served first.
  const seconds = results.map((result) => result.seconds).sort((a, b) => a - b);
  const [first = 0, last = 0] = [seconds[0], seconds.at(-1)];
  const memory = broker.peakMemory();
  const runs = broker.trail().filter(({ decision, want }) => decision === "allowed" && want === "run");
  tell(
    `${outputs.length} builds from ${clients} clients, ${limit} at once: the first client was done after ${first.toFixed(0)} s, the last after ${last.toFixed(0)} s; the broker took ${(memory / 1e6).toFixed(0)} MB at most`,
  );
  expect(runs.length).toBeGreaterThanOrEqual(outputs.length);
  expect(memory).toBeLessThan(mostMemory);
}, 400_000);
