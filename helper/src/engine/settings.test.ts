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
    answerTimeout: 120,
  });
});

test("what the file says", () => {
  expect(readEngineSettings(settings('{ "maxBuilds": 3 }'))).toMatchObject({ maxBuilds: 3 });
  expect(readEngineSettings(settings("{}"))).toMatchObject({ maxBuilds: 4 * availableParallelism() });
  expect(readEngineSettings(settings('{ "logLevel": "debug" }'))).toMatchObject({ logLevel: "debug" });
});

test("those beside the socket that DOCKER_HOST names count before the machine's", () => {
  const before = process.env.DOCKER_HOST;
  const beside = folder();
  writeFileSync(join(beside, "engine.json"), '{ "answerTimeout": 1.5 }');
  try {
    for (const address of [`unix://${beside}/engine.sock`, `${beside}/engine.sock`]) {
      process.env.DOCKER_HOST = address;
      expect(readEngineSettings()).toMatchObject({ answerTimeout: 1.5 });
    }
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});

test.each([
  ['{ "answerTimeout": 0 }', "answerTimeout: "],
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
