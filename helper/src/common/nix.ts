/** Runs Nix's own commands. */
import { execFile } from "node:child_process";
import { codeOf, VoyagerError } from "./errors.ts";

/** More than this, in bytes, no answer of Nix has. */
const largestAnswer = 256 * 1024 * 1024;

/** How a command ended, and what it said. */
export interface Answer {
  status: number;
  stdout: string;
  stderr: string;
}

/** Nix calls its new commands experimental, and wants to be asked for them. */
const newCommands = ["--extra-experimental-features", "nix-command"];

/**
 * Runs one of Nix's commands to its end; a status other than 0 is an answer, not an error. Throws a
 * `usage` error when there is no Nix.
 *
 * @param command "nix-store", or "nix" for one of the new commands
 * @param input what it reads from its standard input
 */
export function runNix(command: string, args: string[], input = ""): Promise<Answer> {
  const all = command === "nix" ? [...newCommands, ...args] : args;
  return new Promise((resolve, reject) => {
    const child = execFile(command, all, { maxBuffer: largestAnswer }, (error, stdout, stderr) => {
      if (error && codeOf(error) !== undefined) {
        const missing = codeOf(error) === "ENOENT";
        reject(
          new VoyagerError("usage", `${command} cannot be run`, {
            why: missing ? "it is not installed, or not on PATH" : error.message,
            remedy: "closures and binary caches are read with Nix's own commands; folders need none of them",
          }),
        );
      } else resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
    child.stdin?.on("error", () => {}); // it has ended without reading, and says why by its status
    child.stdin?.end(input);
  });
}

/** The lines of an answer. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
