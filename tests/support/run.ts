/** Runs commands for tests: everything here is the real program. */
import { execFile, spawnSync } from "node:child_process";

/** How a command ended. */
export interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Seconds after which it is killed. */
  timeout?: number;
}

/** Runs a command to its end; a status other than 0 is a result, not an error. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      {
        env: options.env ?? process.env,
        cwd: options.cwd,
        timeout: (options.timeout ?? 280) * 1000,
        maxBuffer: 256 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : 255;
        resolve({ status, stdout, stderr });
      },
    );
  });
}

/** Runs a command that must succeed. Resolves with its standard output, without the last newline. */
export async function must(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, args, options);
  if (result.status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} failed (${result.status}):\n${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout.trimEnd();
}

/** The same, without waiting for others. */
export function mustSync(command: string, args: string[], input?: string): string {
  const result = spawnSync(command, args, { encoding: "utf8", input, maxBuffer: 256 * 1024 * 1024 });
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed:\n${result.error?.message ?? result.stderr}`);
  }
  return result.stdout.trimEnd();
}
