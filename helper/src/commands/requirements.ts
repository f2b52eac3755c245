/** `voyager requirements`: leaves one hash of each requirement, that of the file that fetchRequirements is to get. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import * as v from "valibot";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { type Log, secondsSince, writeToStdout } from "../common/log.ts";
import { replaceFile } from "../common/replace-file.ts";
import type { Engine, RunningContainer } from "../engine/engine.ts";
import { packageManagerContainer } from "../environment/container-request.ts";
import { ensureEnvironment } from "../environment/environments.ts";
import { run } from "../environment/make.ts";
import { readSystem } from "../spec/systems.ts";
import { pack, packMade } from "../transfer/pack.ts";
import { pipSettings, variablesFile } from "./pip-settings.ts";

export interface RequirementsOptions {
  /** The requirements file. */
  file: string;
  /** Name of the system whose Python decides the environment markers. */
  system: string;
  /** File to write to; undefined: standard output. */
  output: string | undefined;
  /** Address of the package index; undefined: what this machine's pip is set to use. */
  index: string | undefined;
}

/** What `lib/internal/command.nix` hands the command of builders/pypi. */
const toolsSchema = v.object({
  /** The builder's folder. */
  builder: v.string(),
  /** System → the packages that it needs. */
  packages: v.record(v.string(), v.array(v.string())),
});

/** Where things lie in the container. */
const inside = { tools: "/tmp/voyager-pypi", settings: "/tmp/voyager-settings" };
/** Exit code of builders/pypi for what it refuses. */
const refused = 67;
/** Seconds for which an environment may be kept: its tools do not change what is written. */
const maxAge = 7 * 86_400;

/** Reads the file, asks the index, and writes the file anew. */
export async function requirements(engine: Engine, options: RequirementsOptions, log: Log): Promise<void> {
  const start = performance.now();
  const text = readRequirements(options.file);
  const { builder, packages } = readTools();
  const system = readSystem(options.system);
  const layers = [packages[options.system] ?? []];
  const environment = await ensureEnvironment(engine, { system, layers, maxAge }, log);
  const request = packageManagerContainer({ name: null, image: environment.image, network: true });
  const container = await engine.start({ ...request, privilegesOfPackageManager: false });
  try {
    const pinned = await pin(container, builder, text, options);
    if (options.output === undefined) writeToStdout(pinned);
    else replaceFile(options.output, pinned);
    const count = pinned.match(/--hash=/g)?.length ?? 0;
    log.info({ seconds: secondsSince(start) }, `${options.output ?? options.file}: ${count} requirements`);
  } finally {
    await container.kill();
  }
}

function readRequirements(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new VoyagerError("usage", `cannot read ${file}`, {
      why: messageOf(error),
      remedy: "name a requirements file: voyager requirements FILE",
    });
  }
}

function readTools(): v.InferOutput<typeof toolsSchema> {
  const file = process.env.VOYAGER_PYPI;
  if (file) return v.parse(toolsSchema, JSON.parse(readFileSync(file, "utf8")));
  throw new VoyagerError("usage", "this `voyager` does not know how to ask a package index", {
    remedy: "run the `voyager` of `nix-build -A voyager`",
  });
}

/** Runs pin.py of builders/pypi; resolves with what it prints. */
async function pin(
  container: RunningContainer,
  builder: string,
  text: string,
  options: RequirementsOptions,
): Promise<string> {
  const settings = pipSettings(inside.settings, options.index);
  await send(container, inside.tools, pack(builder, filesOf(builder)));
  await send(container, inside.settings, Readable.from([packMade(settings)]));
  const errors = `${inside.settings}/errors`;
  const script = `. ${inside.settings}/${variablesFile}
python3 ${inside.tools}/pin.py 2>${errors} || { status=$?; cat ${errors} >&2; exit $status; }`;
  const { status, output } = await run(container, script, false, Readable.from([Buffer.from(text)]));
  if (status === 0) return output;
  const explained = [...output.matchAll(/^nix-voyager: (.*)$/gm)].map(([, line = ""]) => line);
  throw new VoyagerError("source", `${options.file} cannot be pinned`, {
    why: status === refused && explained.length > 0 ? explained.join("\n") : output,
    remedy: "docs/virtualenvs.md says what such a file may have",
  });
}

/**
 * The files below a folder of the store. Its folders are read-only, and would be so in the container, where
 * there is no privilege to write to them nevertheless.
 */
function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function send(container: RunningContainer, folder: string, tar: Readable): Promise<void> {
  const script = `mkdir -p ${folder} && tar -x -f - -C ${folder} --no-same-owner`;
  const { status, output } = await run(container, script, true, tar);
  if (status !== 0) {
    throw new VoyagerError("transfer", "files could not be moved into the container", { why: output });
  }
}
