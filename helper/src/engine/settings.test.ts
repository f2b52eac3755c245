import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { readEngineSettings } from "./settings.ts";

const folder = temporaryFolders();

function settings(text: string): string {
  const file = join(folder(), "engine.json");
  writeFileSync(file, text);
  return file;
}

test("without a file, four builds for each processor", () => {
  expect(readEngineSettings(join(folder(), "engine.json"))).toEqual({
    maxBuilds: 4 * availableParallelism(),
    logLevel: "info",
  });
});

test("what the file says", () => {
  expect(readEngineSettings(settings('{ "maxBuilds": 3 }'))).toMatchObject({ maxBuilds: 3 });
  expect(readEngineSettings(settings("{}"))).toMatchObject({ maxBuilds: 4 * availableParallelism() });
  expect(readEngineSettings(settings('{ "logLevel": "debug" }'))).toMatchObject({ logLevel: "debug" });
});

test.each([
  ['{ "maxBuilds": 0 }', "maxBuilds: "],
  ['{ "maxBuilds": 2.5 }', "maxBuilds: "],
  ['{ "maxBuilds": "8" }', "maxBuilds: "],
  ['{ "maxbuilds": 8 }', "maxbuilds: "],
  ['{ "logLevel": "loud" }', "logLevel: "],
  ["[]", "the whole: "],
  ["maxBuilds = 8", "JSON"],
])("%s is refused", async (text, why) => {
  const file = settings(text);
  const error = await thrownBy<VoyagerError>(() => readEngineSettings(file));
  expect(error).toMatchObject({ kind: "usage", what: `the engine's settings in ${file} cannot be used` });
  expect(error.details.why).toContain(why);
  expect(error.details.remedy).toContain('{ "maxBuilds": 8 }');
});
