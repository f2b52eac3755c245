/**
 * The helper as Nix starts it, without Nix around it: for tests that end it at a moment of their own, or
 * many times over, or whose store is a disk of a few megabytes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildAttribute, evaluate, instantiate } from "./nix.ts";
import { must } from "./run.ts";

/** A build's description, as Nix would hand it over. */
export interface Description {
  spec: { name: string; system: unknown };
  closure: { path: string; narSize: number }[];
}

/** The command that starts the helper, built. */
export async function helperCommand(): Promise<string[]> {
  await buildAttribute("voyager");
  return (await evaluate("voyager.helper.command")) as string[];
}

/** Descriptions of builds (an expression, see nix.ts, that is a list). Nothing may be among their inputs but our own scripts. */
export async function describe(expression: string): Promise<Description[]> {
  const found = (await evaluate(
    `map (it: { spec = it.voyager; closure = it.exportReferencesGraph.closure; }) ${expression}`,
  )) as { spec: Description["spec"]; closure: string[] }[];
  // What files of ours they need is now in the store: where something is only evaluated, nothing is put there.
  await instantiate(expression);
  const paths = [...new Set(found.flatMap(({ closure }) => closure))];
  const sizes = (await must("nix-store", ["--query", "--size", ...paths])).split("\n").map(Number);
  return found.map(({ spec, closure }) => ({
    spec,
    closure: closure.map((path) => ({ path, narSize: sizes[paths.indexOf(path)] ?? 0 })),
  }));
}

/** How a run of the helper ended. */
export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** A run of the helper. */
export interface DirectRun {
  child: ChildProcess;
  /** What it has written so far. */
  stderr: () => string;
  ended: Promise<Ended>;
}

export interface DirectOptions {
  /** Address of the engine. */
  engine: string;
  env?: NodeJS.ProcessEnv;
  /** Where its store is, in the place of a folder below `top`. */
  store?: string;
  /** A file that gets what it writes; `stderr` is empty then. */
  logFile?: number;
}

/** Where a build in this folder has its output. */
export function outputOf(top: string, { spec }: Description, store = join(top, "store")): string {
  return join(store, `${"0".repeat(32)}-${spec.name}`);
}

/** Starts a build. @param top folder that Nix would make for it; what is in it is removed */
export function startHelper(
  command: string[],
  top: string,
  description: Description,
  { engine, env, store = join(top, "store"), logFile }: DirectOptions,
): DirectRun {
  for (const name of readdirSync(top)) rmSync(join(top, name), { recursive: true, force: true });
  mkdirSync(store, { recursive: true });
  const attributes = {
    voyager: description.spec,
    outputs: { out: outputOf(top, description, store) },
    closure: description.closure,
  };
  writeFileSync(join(top, ".attrs.json"), JSON.stringify(attributes));
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, "build"], {
    env: { ...env, NIX_BUILD_TOP: top, DOCKER_HOST: engine },
    stdio: ["ignore", "ignore", logFile ?? "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  const stderr = () => Buffer.concat(chunks).toString("utf8");
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, stderr: stderr() }));
  });
  return { child, stderr, ended };
}

/** The most memory that a process has held, in bytes, asked for again and again until it ends. */
export async function peakOf({ child, ended }: DirectRun): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  }, 20);
  await ended;
  clearInterval(timer);
  return peak;
}

/** SHA-256 of a path's NAR, as Nix compares builds. */
export function hashOf(path: string): Promise<string> {
  return must("nix-hash", ["--type", "sha256", path]);
}
