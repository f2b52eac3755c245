/** `voyager environment export`: an environment that goes from one engine to others. */
import { type Log, writeToStdout } from "../common/log.ts";
import type { Engine } from "../engine/engine.ts";
import { exportEnvironment } from "../environment/carry/export.ts";
import { type Declaration, evaluateEnvironment } from "../spec/evaluate.ts";

/** Writes the environment of a build to a new folder, and its name to standard output. */
export async function exportTo(
  engine: Engine,
  declaration: Declaration,
  output: string,
  log: Log,
): Promise<void> {
  const { system, environment } = evaluateEnvironment(declaration);
  const { environment: exported } = await exportEnvironment(engine, { system, ...environment }, output, log);
  writeToStdout(`${exported.name}\n`);
}
