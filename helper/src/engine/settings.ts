/**
 * What the machine's administrator says of the engine, in a file beside its socket for Nix builds:
 * Nix clears a build's environment, and the sandbox shows no other folder of the machine.
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { sandboxSocket } from "./locate.ts";

/** Where the settings are: beside the socket that DOCKER_HOST names, if they are there. */
function settingsFile(): string {
  const [, socket] = /^(?:unix:\/\/)?(\/.+)$/.exec(process.env.DOCKER_HOST ?? "") ?? [];
  const beside = socket && join(dirname(socket), fileName);
  return beside && existsSync(beside) ? beside : join(dirname(sandboxSocket), fileName);
}
const fileName = "engine.json";

const logLevels = ["info", "debug"] as const;
const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000));
const schema = v.pipe(
  // valibot takes a list for an object.
  v.custom((value) => !Array.isArray(value), "an object is expected"),
  v.strictObject({
    /** Builds that may run at once on the engine, whichever machines and users they come from. */
    maxBuilds: v.optional(count),
    /** Seconds in which the engine must answer what it can answer at once: a start, not a build. */
    answerTimeout: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(86_400))),
    /** What builds write into their logs: "debug" also tells each request to the engine. */
    logLevel: v.optional(v.picklist(logLevels)),
  }),
);

/** Settings of the engine, with what holds where the file says nothing. */
export interface EngineSettings {
  maxBuilds: number;
  answerTimeout: number;
  logLevel: (typeof logLevels)[number];
}

/** Reads the settings; without a file the defaults. Throws a `usage` error when they make no sense. */
export function readEngineSettings(file = settingsFile()): EngineSettings {
  const defaults: EngineSettings = {
    logLevel: "info",
    maxBuilds: 4 * availableParallelism(),
    answerTimeout: 120,
  };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return defaults;
    throw unreadable(file, messageOf(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(file, messageOf(error));
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw unreadable(file, `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  }
  return { ...defaults, ...parsed.output };
}

function unreadable(file: string, why: string): VoyagerError {
  return new VoyagerError("usage", `the engine's settings in ${file} cannot be used`, {
    why,
    remedy: `write an object such as { "maxBuilds": 8 }, readable by everybody, or remove the file`,
  });
}
