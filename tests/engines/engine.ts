/** An engine of a test's own, however it is started. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../support/run.ts";

/** An engine that runs. */
export interface TestEngine {
  /** "unix:///path" */
  address: string;
  /** Holds its socket, `engine.sock`: what a sandbox must see as /run/nix-voyager. */
  socketFolder: string;
  /** A folder that its host has under the same path: where `binds`, builds can have their files bound there. */
  shared?: string;
  /** A folder in which the user of the builds may make folders, apart from what `shared` is of: see `Way.hasAll`. */
  apart: string;
  /** What comes before a command that is to run as the engine's user. */
  asUser: string[];
  /** Whether others may have containers on it. */
  hasOthers: boolean;
  /** How it tells that a build met its memory limit; null: it has no limits. */
  memoryMessage: RegExp | null;
  /** Ends it and removes all that it has made. */
  stop(): Promise<void>;
}

/** A way to start an engine. */
export interface Way {
  name: string;
  /** Whether its containers can have a build's own files. */
  binds: boolean;
  /** Whether its host has every file system of this machine, also that of `apart`. */
  hasAll: boolean;
  /** Resolves with why it cannot be started on this machine, where that is no fault of ours. */
  start(): Promise<TestEngine | { impossible: string }>;
}

/** Waits until an engine answers. Throws what `why` tells when it does not within `seconds`. */
export async function untilItAnswers(address: string, seconds: number, why: () => string): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const isThere = existsSync(address.slice("unix://".length));
    if (isThere && (await run("docker", ["-H", address, "version"])).status === 0) return;
    if (Date.now() > deadline) throw new Error(`no engine answers at ${address}: ${why()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A service of ours that goes on in the background. */
export class Service {
  #said = "";
  readonly #child;

  constructor([command = "", ...args]: string[]) {
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on("data", (data: Buffer) => {
        this.#said = (this.#said + data).slice(-4000);
      });
    }
    this.#child.on("error", (error) => {
      this.#said += error.message;
    });
  }

  /** The end of what it has said. */
  get said(): string {
    return this.#said;
  }

  /** Ends it and what it has started, as far as that has not left its group. */
  async stop(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    process.kill(-pid, "SIGTERM");
    const timer = setTimeout(() => process.kill(-pid, "SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
  }
}

/** The file of the socket in its folder. */
export const socketIn = (folder: string) => join(folder, "engine.sock");
