/** Runs and times programs. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Nothing that is measured here takes longer, unless it hangs. */
const longest = 600_000;

const running = new Set();

/** Ends all that runs, so that what waits for it fails and its caller can clean up. */
export function stopAll() {
  for (const child of running) child.kill("SIGTERM");
}

/**
 * How a program ended: `seconds` from just before its start to its end, `stdout` and `stderr` as text.
 *
 * @typedef {{ seconds: number, stdout: string, stderr: string }} Ended
 */

/**
 * Runs a program that must succeed. Rejects with what it printed when it does not.
 *
 * @param {string[]} command program and arguments
 * @param {{ env?: Record<string, string>, cwd?: string, onStderr?: (text: string) => void,
 *   onStart?: (pid: number) => void }} [options] `env` is added to our own; `onStderr` sees standard error as it
 *   comes
 * @returns {Promise<Ended>}
 */
export async function run(command, { env, cwd, onStderr, onStart } = {}) {
  const [program, ...args] = command;
  const started = performance.now();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: longest,
    killSignal: "SIGKILL",
  });
  running.add(child);
  if (child.pid !== undefined) onStart?.(child.pid);
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (data) => {
    text.stdout += data;
  });
  child.stderr.setEncoding("utf8").on("data", (data) => {
    text.stderr += data;
    onStderr?.(data);
  });
  let seconds = 0;
  child.once("exit", () => {
    seconds = (performance.now() - started) / 1000;
  });
  const [status, signal] = await once(child, "close").finally(() => running.delete(child));
  if (status !== 0) {
    const last = `${text.stdout}${text.stderr}`.trimEnd().split("\n").slice(-30).join("\n");
    throw new Error(`${shellLine(command)}\nended with ${signal ?? `status ${status}`}:\n${last}`);
  }
  return { seconds, ...text };
}

/**
 * Runs programs one after another and adds up their time.
 *
 * @param {string[][]} commands
 * @returns {Promise<number>} seconds
 */
export async function runAll(commands) {
  let seconds = 0;
  for (const command of commands) seconds += (await run(command)).seconds;
  return seconds;
}

/**
 * A command as one would type it in a shell.
 *
 * @param {string[]} command
 * @returns {string}
 */
export function shellLine(command) {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
