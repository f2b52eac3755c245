/** Entry point: `voyager COMMAND`, and what Nix starts as a builder. */
import { asVoyagerError } from "./common/errors.ts";
import { createLog, type LogFormat, writeToStderr } from "./common/log.ts";

/** Runs the command line; resolves with the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    // Nix starts exactly this; it needs no parser of arguments, whose loading would cost it time.
    if (args.length === 1 && args[0] === "build") {
      const { build } = await import("./commands/build.ts");
      await build(createLog((process.env.VOYAGER_LOG_FORMAT as LogFormat | undefined) ?? "human"));
      return 0;
    }
    // Nix stands still while its hook starts.
    if (args.length === 2 && args[0] === "build-hook" && /^\d+$/.test(args[1] ?? "")) {
      const { buildHook } = await import("./commands/build-hook.ts");
      return await buildHook(args.slice(1));
    }
    const { runCommandLine } = await import("./commands/command-line.ts");
    return await runCommandLine(args);
  } catch (thrown) {
    const error = asVoyagerError(thrown);
    writeToStderr(`${error.said}${error.render()}\n`);
    return error.exitCode;
  }
}

// An open lifeline must not keep the process alive once the work is done.
main(process.argv.slice(2)).then((code) => process.exit(code));
