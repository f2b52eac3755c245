/** `voyager build-hook`: what Nix starts in place of its own build hook, if its settings say so. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { fstatSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { writeToStderr } from "../common/log.ts";
import { type Hook, RetryingHook } from "../remote/retrying-hook.ts";

/** Beside its input and output, Nix gives a hook both ends of the pipe that builds write their logs to. */
const logDescriptors = [4, 5];

/** @param args what Nix gives its hook @returns the exit status */
export async function buildHook(args: string[]): Promise<number> {
  if (!logDescriptors.every(isOpen)) {
    throw new VoyagerError("usage", "`voyager build-hook` is started by Nix, not by hand", {
      remedy: "name it in nix.conf as `build-hook`: docs/remote.md says how",
    });
  }
  return new RetryingHook({
    start: () => startHook(args),
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

function startHook(args: string[]): Hook {
  // The name of the program is how every Nix knows this command of its own; only newer ones have an argument for it.
  const child = spawn("nix", args, {
    argv0: "build-remote",
    stdio: ["pipe", "inherit", "pipe", "ignore", ...logDescriptors],
  }) as ChildProcessByStdio<Writable, null, Readable>;
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
    lines: createInterface({ input: child.stderr, crlfDelay: Number.POSITIVE_INFINITY }),
    status,
  };
}
