/** `voyager build-hook`: what Nix starts in place of its own build hook, if its settings say so. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { fstatSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { writeToStderr } from "../common/log.ts";
import { type Hook, RetryingHook } from "../remote/retrying-hook.ts";

/** Beside its input and output, Nix gives a hook both ends of the pipe that builds write their logs to. */
const [logWriter, logReader] = [4, 5] as const;

/** @param args what Nix gives its hook @returns the exit status */
export async function buildHook(args: string[]): Promise<number> {
  if (args.length !== 1 || ![logWriter, logReader].every(isOpen)) {
    throw new VoyagerError("usage", "`voyager build-hook` is started by Nix, not by hand", {
      remedy: "name it in nix.conf as `build-hook`: docs/remote.md says how",
    });
  }
  return new RetryingHook({
    start: (isFirst) => startHook(args, isFirst),
    input: process.stdin,
    answer: (line) => writeToStderr(`${line}\n`),
  }).run();
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

/**
 * The kernel ends Nix's hook when Nix is gone, but not what the hook starts; and Nix's own would go on to copy
 * to the store, whose locks are free by then. The guard's input ends with this process, however that ends.
 */
function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const guard = spawn("/bin/sh", ["-c", `read -r _; kill -9 ${child.pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.on("error", () => {}); // then it is as without
  child.on("close", () => guard.kill("SIGKILL"));
}

/** Only a line feed ends a line: node:readline also cuts at U+2028, which Nix's JSON has as it is. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of stream.setEncoding("utf8")) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function startHook(args: string[], isFirst: boolean): Hook {
  // The name of the program is how every Nix knows this command of its own; only newer ones have an argument for it.
  const child = spawn("nix", args, {
    argv0: "build-remote",
    // Once a build is accepted Nix reads the log itself, and two readers would take it from each other.
    stdio: ["pipe", "inherit", "pipe", "ignore", logWriter, isFirst ? logReader : "ignore"],
  }) as ChildProcessByStdio<Writable, null, Readable>;
  endWithUs(child);
  child.stdin.on("error", () => {}); // its end tells more
  const status = new Promise<number>((resolve, reject) => {
    child.on("close", (code) => resolve(code ?? 1));
    child.on("error", (error) =>
      reject(
        new VoyagerError("usage", "Nix's own build hook cannot be started", {
          why: messageOf(error),
          remedy: "put `nix` on the PATH of nix-daemon",
        }),
      ),
    );
  });
  status.catch(() => {}); // whoever awaits it will see the error
  return {
    write: (data) => child.stdin.write(data),
    end: () => child.stdin.end(),
    lines: linesOf(child.stderr),
    status,
  };
}
