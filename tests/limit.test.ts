/** How many builds run at once on one engine, however many Nix starts. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectNothingLeft, mustBuild, nixBuild } from "./support/nix.ts";

const settings = "/run/nix-voyager/engine.json";
const before = existsSync(settings) ? readFileSync(settings) : null;
afterAll(async () => {
  if (before) writeFileSync(settings, before);
  else rmSync(settings, { force: true });
  await expectNothingLeft();
});

/** Builds that note, in nanoseconds, when they began and ended. */
const builds = (count: number) => `map (number: build {
  pname = "limited-\${toString number}";
  buildScript = "date +%s%N >$out/begin; sleep 0.5; date +%s%N >$out/end";
}) (builtins.genList (number: number) ${count})`;

test("Nix starts eight, the engine runs two at once", async () => {
  writeFileSync(settings, '{ "maxBuilds": 2 }');
  const outputs = await mustBuild(builds(8), ["-j", "8"]);
  const moment = (output: string, name: string) => BigInt(readFileSync(join(output, name), "utf8"));
  const spans = outputs.map((output) => ({ begin: moment(output, "begin"), end: moment(output, "end") }));
  const together = spans.map(({ begin }) => spans.filter((span) => span.begin <= begin && begin < span.end));
  expect(Math.max(...together.map(({ length }) => length))).toBe(2);
});

test("settings that make no sense are an error that names the file", async () => {
  writeFileSync(settings, '{ "maxBuild": 2 }');
  const { status, stderr } = await nixBuild('build { pname = "limited"; buildScript = "touch $out/file"; }');
  expect(status).not.toBe(0);
  expect(stderr).toContain(`the engine's settings in ${settings} cannot be used`);
  expect(stderr).toContain("maxBuild: ");
  expect(stderr).toContain("remedy: write an object such as");
});
