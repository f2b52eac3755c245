/** How many builds run at once on one engine, however many Nix starts. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CountedEngine } from "./support/counted.ts";
import { expectNothingLeft, mustBuild, nixBuild } from "./support/nix.ts";
import { OwnBroker } from "./support/own-broker.ts";

/** An engine without a broker. */
let engine: CountedEngine;
const allow = (settings: string) => writeFileSync(join(engine.folder, "engine.json"), settings);
beforeAll(async () => {
  engine = await CountedEngine.start();
});
afterAll(async () => {
  await engine.stop();
  await expectNothingLeft();
});

/**
 * Builds that note, in nanoseconds, when they began and ended. They take longer than a loaded machine needs to start
 * as many as may run.
 */
const builds = (pname: string, count: number) => `map (number: build {
  pname = "${pname}-\${toString number}";
  buildScript = "date +%s%N >$out/begin; sleep 1.5; date +%s%N >$out/end";
}) (builtins.genList (number: number) ${count})`;

/** How many of some builds ran at once at most. */
function most(outputs: string[]): number {
  const moment = (output: string, name: string) => BigInt(readFileSync(join(output, name), "utf8"));
  const spans = outputs.map((output) => ({ begin: moment(output, "begin"), end: moment(output, "end") }));
  const together = spans.map(({ begin }) => spans.filter((span) => span.begin <= begin && begin < span.end));
  return Math.max(...together.map(({ length }) => length));
}

test("Nix starts six, the engine runs two at once", async () => {
  allow('{ "maxBuilds": 2 }');
  expect(most(await mustBuild(builds("limited", 6), ["-j", "6", ...engine.nixOptions]))).toBe(2);
});

test("Nix starts six, the broker runs three at once", async () => {
  const broker = await OwnBroker.start({ inAll: { builds: 3 } });
  try {
    expect(most(await mustBuild(builds("queued", 6), ["-j", "6", ...broker.nixOptions]))).toBe(3);
  } finally {
    await broker.stop();
  }
});

test("settings that make no sense are an error that names the file", async () => {
  allow('{ "maxBuild": 2 }');
  const { status, stderr } = await nixBuild(
    'build { pname = "limited"; buildScript = "touch $out/file"; }',
    engine.nixOptions,
  );
  expect(status).not.toBe(0);
  expect(stderr).toContain("the engine's settings in /run/nix-voyager/engine.json cannot be used");
  expect(stderr).toContain("maxBuild: ");
  expect(stderr).toContain("remedy: write an object such as");
});
