/** Builds that are killed again and again: in each lane one at a time, of a system of the lane's own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptPackages } from "../../../helper/src/environment/kept-packages.ts";
import type { System } from "../../../helper/src/spec/spec.ts";
import { type Description, describe, hashOf, helperCommand, outputOf, startHelper } from "../direct.ts";
import { instantiate, runId } from "../nix.ts";
import type { Offline } from "../offline.ts";
import type { Listed, OwnEngine } from "../own-engine.ts";
import { must, run } from "../run.ts";

/** How a build uses the engine: files are bound, or streamed; or it has its environment made first. */
export type Way = "bind" | "stream" | "environment";
export const ways: Way[] = ["bind", "stream", "environment"];

/** A build under way. */
export interface Run {
  child: ChildProcess;
  stderr: () => string;
  ended: Promise<{ status: number | null; stderr: string }>;
  startedAt: number;
}

/** One way of building in a lane. */
interface Job {
  description: Description;
  derivation: string;
  /** Undisturbed: hash of what it makes, and milliseconds; by the helper alone, and by Nix. */
  direct: { hash: string; time: number };
  nix: { hash: string; time: number };
}

/** Attributes of a build; all that differs between lanes is the system. */
function expression(way: Way, system: string): string {
  const environment =
    way === "environment"
      ? 'systemBuildDependencies = [ "voyager-one" "voyager-two" "voyager-three" ]; environment.maxAge = 0;'
      : "";
  return `(build {
    pname = "kills-${way}"; system = ${system}; transfer = "${way === "stream" ? "stream" : "bind"}"; ${environment}
    buildScript = ''
      for number in 1 2 3; do sleep 0.1; echo "$number" >>$out/lines; done
      head -c 300000 /dev/zero >$out/data
    '';
  })`;
}

/**
 * Makes lanes: their derivations and descriptions, in one evaluation each.
 *
 * @param socketFolder what builds in the sandbox see as /run/nix-voyager
 */
export async function makeLanes(
  engine: OwnEngine,
  offline: Offline,
  count: number,
  socketFolder = engine.socketFolder,
): Promise<Lane[]> {
  const names = Array.from({ length: count }, (_, number) => `kills-${runId}-${number}`);
  const systems = names.map((name) => offline.system(name));
  const list = `[ ${systems.flatMap((system) => ways.map((way) => expression(way, system))).join(" ")} ]`;
  const command = await helperCommand();
  const [descriptions, derivations] = await Promise.all([describe(list), instantiate(list)]);
  return names.map((name, lane) => {
    const own = ways.map((way, index) => {
      const at = lane * ways.length + index;
      return [way, descriptions[at] as Description, derivations[at] as string] as const;
    });
    return new Lane(engine, name, command, own, socketFolder);
  });
}

export class Lane {
  readonly #folder = mkdtempSync(join(tmpdir(), "voyager-kills-"));
  readonly #jobs = new Map<Way, Job>();
  readonly #volume: string | undefined;

  constructor(
    private readonly engine: OwnEngine,
    /** Name of its system. */
    readonly name: string,
    private readonly command: string[],
    jobs: (readonly [Way, Description, string])[],
    private readonly socketFolder: string,
  ) {
    const unknown = { hash: "", time: 0 };
    for (const [way, description, derivation] of jobs) {
      this.#jobs.set(way, { description, derivation, direct: unknown, nix: unknown });
      mkdirSync(join(this.#folder, way));
    }
    this.#volume = keptPackages(jobs[0]?.[1].spec.system as System)[0]?.name;
  }

  job(way: Way): Job {
    return this.#jobs.get(way) as Job;
  }

  /** Builds everything undisturbed. @param direct by the helper alone, too, which no broker serves */
  async prepare(direct: boolean): Promise<void> {
    for (const way of ways) {
      const job = this.job(way);
      if (direct) {
        await this.build(way); // the environment that others find
        job.direct = await this.build(way);
      }
      await this.buildInNix(way);
      job.nix = await this.buildInNix(way);
    }
  }

  /** Starts the helper. */
  start(way: Way): Run {
    const startedAt = performance.now();
    const options = { engine: this.engine.address };
    const top = join(this.#folder, way);
    return { ...startHelper(this.command, top, this.job(way).description, options), startedAt };
  }

  /** Has the helper build; it must succeed. */
  async build(way: Way): Promise<{ hash: string; time: number }> {
    const { ended, startedAt } = this.start(way);
    const { status, stderr } = await ended;
    if (status !== 0) throw new Error(`${this.name}, ${way}: status ${status}\n${stderr}`);
    const time = performance.now() - startedAt;
    return { time, hash: await hashOf(outputOf(join(this.#folder, way), this.job(way).description)) };
  }

  /** Starts nix-build of what the store has not. */
  async startNix(way: Way): Promise<Run> {
    const { derivation } = this.job(way);
    const output = await this.#output(way);
    await run("nix-store", ["--delete", output]);
    const options = {
      "sandbox-paths": `/run/nix-voyager=${this.socketFolder}`,
      substitute: "false",
    };
    const args = Object.entries(options).flatMap(([name, value]) => ["--option", name, value]);
    const startedAt = performance.now();
    const child = spawn("nix-build", ["--no-out-link", derivation, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    const stderr = () => Buffer.concat(chunks).toString("utf8");
    // Not "close": what Nix had started may keep the pipe open.
    const ended = new Promise<{ status: number | null; stderr: string }>((resolve) => {
      child.on("exit", (status) => resolve({ status, stderr: stderr() }));
    });
    return { child, stderr, ended, startedAt };
  }

  /** Has Nix build; it must succeed. */
  async buildInNix(way: Way): Promise<{ hash: string; time: number }> {
    const { ended, startedAt, stderr } = await this.startNix(way);
    const { status } = await ended;
    if (status !== 0) throw new Error(`${this.name}, ${way}, nix-build: status ${status}\n${stderr()}`);
    const time = performance.now() - startedAt;
    return { time, hash: await hashOf(await this.#output(way)) };
  }

  async #output(way: Way): Promise<string> {
    return must("nix-store", ["--query", "--outputs", this.job(way).derivation]);
  }

  /** The containers of its builds and environments. */
  async containers(): Promise<Listed[]> {
    const all = await this.engine.containers();
    // A container has the labels of its image; the base image is not ours alone, but its volume is.
    return all.filter(
      ({ Labels, Mounts }) =>
        Labels["nix-voyager.system"] === this.name || Mounts.some(({ Name }) => Name === this.#volume),
    );
  }

  async remove(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    const outputs = await Promise.all(ways.map((way) => this.#output(way)));
    for (const output of outputs) await run("nix-store", ["--delete", output]);
    const derivations = ways.map((way) => this.job(way).derivation);
    await run("nix-store", ["--delete", ...derivations]);
  }
}

/** Removes the folders of builds that a killed Nix leaves. */
export function removeBuildFolders(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith("nix-build-kills-"))) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
