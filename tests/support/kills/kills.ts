/** Kills builds, looks what is left of each, and keeps count. */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { formatTable } from "../../../helper/src/common/table.ts";
import { descendants, killProcess, type Listed, type OwnEngine } from "../own-engine.ts";
import type { Lane, Run, Way } from "./lanes.ts";

/** Milliseconds after which nothing may be left. */
const patience = 5000;

/** What a build was at when it was killed, told from its log. */
function phaseOf(stderr: string): string {
  if (/: built /.test(stderr)) return "audit and records";
  if (/container started/.test(stderr)) return "script";
  if (/ environment .*: (made|reused)/.test(stderr)) return "container's start";
  if (/ environment .*: making it/.test(stderr)) return "environment";
  return "start";
}

interface Kill {
  victim: string;
  phase: string;
  /** Milliseconds until nothing was left. */
  gone: number;
  /** Containers that ran after the patience was over. */
  running: number;
  /** Containers that were made and never started. */
  neverStarted: number;
}

/** Made, but never started. */
const isIdle = ({ State }: Listed) => State === "created";

export class Kills {
  readonly #kills: Kill[] = [];
  /** Containers that were left, and when the last one was. */
  readonly #neverStarted = new Set<string>();
  #lastLeft = 0;
  readonly #failures: string[] = [];

  /**
   * @param idlePatience milliseconds to wait for the end of a container that was made and never started: what may take
   *   it away at once, as a broker does, has all the time there is; where only a later sweep does, waiting is in vain
   */
  constructor(
    private readonly own: OwnEngine,
    private readonly random: () => number,
    private readonly idlePatience = patience,
  ) {}

  /** Kills the helper alone, and builds again. */
  async helper(lane: Lane, way: Way): Promise<void> {
    const { direct } = lane.job(way);
    const phase = await this.#kill(
      async () => lane.start(way),
      direct.time,
      (run) => killProcess(run.child.pid as number),
    );
    await this.#lookAt(lane, `helper, ${way}`, phase);
    expect(await lane.build(way)).toMatchObject({ hash: direct.hash });
  }

  /** Kills the helper below Nix, or Nix, and builds again. */
  async inNix(lane: Lane, way: Way, victim: "helper" | "nix"): Promise<void> {
    const { nix } = lane.job(way);
    const phase = await this.#kill(
      () => lane.startNix(way),
      nix.time,
      (run) => (victim === "nix" ? killProcess(run.child.pid as number) : killHelperBelow(run)),
    );
    await this.#lookAt(lane, victim === "nix" ? `nix-build, ${way}` : `helper below Nix, ${way}`, phase);
    expect(await lane.buildInNix(way)).toMatchObject({ hash: nix.hash });
  }

  /** Kills the engine with a build running in each lane. All must say so; after its start all succeed. */
  engine(lanes: Lane[], how: "direct" | "nix", end: "kill" | "crash"): Promise<void> {
    return this.beneath(lanes, how, `engine (${end})`, {
      end: () => this.own[end](),
      startAgain: () => this.own.startAgain(),
    });
  }

  /**
   * Ends what all builds need, with one running in each lane. All must say so, but for one that needs nothing of it
   * any more; after its start all succeed.
   */
  async beneath(
    lanes: Lane[],
    how: "direct" | "nix",
    victim: string,
    what: { end(): Promise<void>; startAgain(): Promise<unknown> },
  ): Promise<void> {
    const order: Way[] = ["bind", "stream", "environment", "bind"];
    const runs = await Promise.all(
      lanes.map((lane, index) => {
        const way = order[index % order.length] as Way;
        return how === "nix" ? lane.startNix(way) : lane.start(way);
      }),
    );
    const shortest = Math.min(...lanes.map((lane) => lane.job("bind")[how].time));
    // Not before all of them have something to do with the engine.
    await sleep(200 + this.random() * Math.max(0, 0.6 * shortest - 200));
    const phases = runs.map(({ stderr }) => phaseOf(stderr()));
    await what.end();
    const results = await Promise.all(runs.map(({ ended }) => ended));
    await sleep(50); // until all that they have written is read
    const errors = results.map(({ status }, index) => ({ status, stderr: runs[index]?.stderr() ?? "" }));
    for (const { status, stderr } of errors) {
      if (status === 0) {
        expect(stderr).toMatch(/: built /);
        continue;
      }
      expect(stderr).toMatch(
        /nix-voyager: error: (the connection|the engine|no engine|the container|the broker|no broker)/,
      );
      expect(stderr).toMatch(/ remedy: /);
    }
    expect(errors.filter(({ status }) => status !== 0).length).toBeGreaterThan(0);
    await what.startAgain();
    await Promise.all(lanes.map((lane, index) => this.#lookAt(lane, victim, phases[index] ?? "")));
    await Promise.all(
      lanes.map(async (lane, index) => {
        const way = order[index % order.length] as Way;
        const again = how === "nix" ? lane.buildInNix(way) : lane.build(way);
        expect(await again).toMatchObject({ hash: lane.job(way)[how].hash });
      }),
    );
  }

  /** Kills at a random moment of its time. One that had ended by then is tried again. */
  async #kill(start: () => Promise<Run>, time: number, kill: (run: Run) => void): Promise<string> {
    for (;;) {
      const run = await start();
      await sleep(this.random() * time);
      const { exitCode } = run.child;
      if (exitCode === null) {
        const phase = phaseOf(run.stderr());
        kill(run);
        const { status } = await run.ended;
        if (status !== 0) return phase;
      }
    }
  }

  async #lookAt(lane: Lane, victim: string, phase: string): Promise<void> {
    const begin = performance.now();
    const since = () => performance.now() - begin;
    let left = await this.#newOf(lane);
    while (left.length > 0 && since() < (left.every(isIdle) ? this.idlePatience : patience)) {
      await sleep(50);
      left = await this.#newOf(lane);
    }
    const running = left.filter((one) => !isIdle(one));
    for (const { Id } of left.filter(isIdle)) this.#neverStarted.add(Id);
    if (left.length > 0) this.#lastLeft = Date.now();
    for (const one of running) this.#failures.push(`${victim}, ${phase}: ${JSON.stringify(one)}`);
    const neverStarted = left.length - running.length;
    this.#kills.push({ victim, phase, gone: since(), running: running.length, neverStarted });
  }

  /** Containers of the lane but for those that are known to have been left by an earlier one. */
  async #newOf(lane: Lane): Promise<Listed[]> {
    return (await lane.containers()).filter(({ Id }) => !this.#neverStarted.has(Id));
  }

  /** Waits until a sweep may remove what was never started. */
  async untilOld(): Promise<void> {
    await sleep(Math.max(0, this.#lastLeft + 31_000 - Date.now()));
  }

  /** Looks at all of the engine. */
  async expectNothing(): Promise<void> {
    for (let tries = 0; (await this.own.containers()).length > 0 && tries < 50; tries++) await sleep(100);
    // None at all: nor is there one that looks after others.
    expect(await this.own.docker("ps", "--all", "--quiet")).toBe("");
    expect(await this.own.unnamedImages()).toEqual([]);
    expect(await this.own.anonymousVolumes()).toEqual([]);
    // No shim, so no program runs in a container. One may outlive its container for a moment: the engine has
    // removed that as soon as its files are gone.
    const left = () => this.own.processes().map(({ command }) => command);
    for (let tries = 0; left().length > 2 && tries < patience / 100; tries++) await sleep(100);
    const program = (command: string) => basename(command.split(" ")[0] ?? "");
    expect({ left: left(), programs: left().map(program).sort() }).toEqual({
      left: expect.any(Array),
      programs: ["containerd", "dockerd"],
    });
  }

  counted(): { total: number; leftRunning: string[]; neverStarted: number } {
    const { length: total } = this.#kills;
    return { total, leftRunning: this.#failures, neverStarted: this.#neverStarted.size };
  }

  /** What was killed, where, and what was left. */
  table(): string {
    const groups = new Map<string, Kill[]>();
    for (const kill of this.#kills) {
      const key = `${kill.victim}\n${kill.phase}`;
      groups.set(key, [...(groups.get(key) ?? []), kill]);
    }
    const sum = (kills: Kill[], what: "running" | "neverStarted") =>
      String(kills.reduce((total, kill) => total + kill[what], 0));
    const row = (title: string[], kills: Kill[]) => [
      ...title,
      String(kills.length),
      sum(kills, "running"),
      sum(kills, "neverStarted"),
      (Math.max(0, ...kills.map(({ gone }) => gone)) / 1000).toFixed(1),
    ];
    const rows = [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, kills]) => row(key.split("\n"), kills));
    const header = ["killed", "while at its", "kills", "left after 5 s", "never started", "gone after (s)"];
    const table = formatTable(header, [...rows, row(["all", ""], this.#kills)]);
    return [table, ...this.#failures.map((left) => `left: ${left}\n`)].join("");
  }
}

/** The process that Nix has started as the builder; waits for it if it is not there yet. */
async function helperBelow({ child }: Run): Promise<number | null> {
  while (child.exitCode === null && child.signalCode === null) {
    const found = descendants(child.pid as number).find(({ command }) =>
      command.includes("voyager.cjs build"),
    );
    if (found) return found.pid;
    await sleep(5);
  }
  return null;
}

function killHelperBelow(run: Run): void {
  helperBelow(run).then((pid) => pid !== null && killProcess(pid));
}
