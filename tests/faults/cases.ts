/** One build with one fault, and what came of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failureKinds } from "../../helper/src/common/errors.ts";
import { DockerEngine } from "../../helper/src/engine/docker/docker-engine.ts";
import type { Engine } from "../../helper/src/engine/engine.ts";
import type { Spec } from "../../helper/src/spec/spec.ts";
import type { Recorded } from "../support/engine-proxy.ts";
import { FaultProxy, type Planned } from "./fault-proxy.ts";
import { bytesBefore, type Fault, faultsOf } from "./faults.ts";
import { type Ended, runHelper } from "./helper-build.ts";
import { named } from "./request-names.ts";

/** A build whose requests are disturbed. */
export interface Kind {
  name: string;
  /** Its spec, with a nonce where it needs one. */
  spec: (nonce: string) => Spec;
  closure: { path: string; narSize: number }[];
}

/** What the cases have in common. */
export interface Setting {
  folder: string;
  command: string[];
}

export interface Case {
  kind: Kind;
  request: string;
  recorded: Recorded;
  fault: Fault;
}

/** The first two are as it should be. */
export type Outcome = "error" | "same" | "not met" | Violation;
export type Violation =
  | "hung"
  | "another output"
  | "half an output"
  | "no error"
  | "several errors"
  | "a defect"
  | "left";

export interface Result {
  outcome: Outcome;
  seconds: number;
  ended: Ended;
  /** Containers and images that stayed. */
  left: string[];
}

/** An undisturbed build: its output, and its requests. */
export interface Reference {
  output: string;
  requests: Recorded[];
}

const engine = new DockerEngine("unix:///var/run/docker.sock");
/** Seconds after which a build is taken to hang: more than its `timeout`. */
export const limit = 45;
let count = 0;

/** Runs a build with at most one fault. */
async function run(setting: Setting, kind: Kind, planned: Planned | null, answerTimeout: number) {
  const nonce = `nonce-${String(++count).padStart(6, "0")}`;
  const folder = join(setting.folder, nonce);
  mkdirSync(folder);
  // Names of places, so that builds do not wait for each other, nor for others on the machine.
  writeFileSync(join(folder, "engine.json"), JSON.stringify({ answerTimeout, maxBuilds: 2000 }));
  const proxy = await new FaultProxy(join(folder, "engine.sock"), planned).listen();
  const started = performance.now();
  const ended = await runHelper(setting.folder, {
    command: setting.command,
    spec: kind.spec(nonce),
    closure: kind.closure,
    engine: `unix://${proxy.socket}`,
    nonce,
    limit,
  });
  const seconds = (performance.now() - started) / 1000;
  const left = await whatIsLeft(proxy, engine);
  await proxy.stop();
  return { ended, seconds, left, proxy };
}

/** A build without a fault, which has to succeed. */
export async function reference(setting: Setting, kind: Kind): Promise<Reference> {
  const { ended, left, proxy } = await run(setting, kind, null, 60);
  if (ended.status !== 0 || ended.output === null || left.length > 0) {
    throw new Error(`the undisturbed build failed, or left ${left}:\n${ended.stderr}`);
  }
  return { output: ended.output, requests: proxy.requests };
}

/** All cases of a build whose requests were recorded. */
export function casesOf(kind: Kind, requests: Recorded[]): Case[] {
  return [...named(requests)].flatMap(([request, recorded]) =>
    faultsOf(recorded).map((fault) => ({ kind, request, recorded, fault })),
  );
}

/** @param output of the undisturbed build */
export async function runCase(
  setting: Setting,
  { kind, request, recorded, fault }: Case,
  output: string,
): Promise<Result> {
  const planned = { request, fault, bytes: bytesBefore(fault, recorded) };
  const { ended, seconds, left, proxy } = await run(setting, kind, planned, 4);
  const violation = left.length > 0 ? "left" : judge(ended, output);
  const outcome = !proxy.isHit && violation === "same" ? "not met" : violation;
  return { outcome, seconds, ended, left };
}

/** What is to be said of a build that ended so. @param expected the undisturbed build's output */
export function judge({ status, stderr, output }: Ended, expected: string): Outcome {
  const errors = stderr.match(/^nix-voyager: error: /gm)?.length ?? 0;
  if (status === null) return "hung";
  if (status === 0) return output !== expected ? "another output" : errors > 0 ? "several errors" : "same";
  if (output !== null) return "half an output";
  if (errors !== 1) return errors === 0 ? "no error" : "several errors";
  const kind = Object.entries(failureKinds).find(([, { exitCode }]) => exitCode === status)?.[0];
  const isReadable = !/^\s+at .+:\d+:\d+\)?$/m.test(stderr);
  return kind !== undefined && kind !== "internal" && isReadable ? "error" : "a defect";
}

/** Docker hangs up on who asks after a container at the moment in which it goes (20.10, "socket hang up"). */
async function isThere(engine: Engine, id: string): Promise<boolean> {
  try {
    return (await engine.containerState(id)) !== null;
  } catch {
    return true;
  }
}

/**
 * Containers that the engine made for a build and has not removed seconds after its end, and images that
 * have no name: an environment with its name is whole, and the next build finds it. Removes all of them.
 */
export async function whatIsLeft({ containers, images }: FaultProxy, engine: Engine): Promise<string[]> {
  const left: string[] = [];
  const deadline = performance.now() + 10_000;
  for (const id of containers) {
    while ((await isThere(engine, id)) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!(await isThere(engine, id))) continue;
    left.push(`container ${id}`);
    await engine.removeContainer(id).catch(() => {});
  }
  for (const id of images) {
    const image = await engine.image(id);
    if (!image) continue;
    if (image.tags.length === 0) left.push(`image ${id}`);
    await engine.removeImage(image.tags[0] ?? id).catch(() => {}); // the end of the run removes it
  }
  return left;
}
