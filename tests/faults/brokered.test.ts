/**
 * The same faults between the broker and the engine, with builds in the Nix sandbox: some cases of all, chosen at
 * random. VOYAGER_FAULT_SEED repeats a run's choice, VOYAGER_FAULTS=all takes all of them. Whatever happens, the
 * build ends in time, as it should or with one clear error, nothing is left, and the broker serves the next build.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lateLooks } from "../../helper/src/broker/server.ts";
import { DockerEngine } from "../../helper/src/engine/docker/docker-engine.ts";
import { seeded } from "../../helper/testing/random.ts";
import { instantiate, mustBuild, nix, root, runId } from "../support/nix.ts";
import { makeOffline } from "../support/offline.ts";
import { OwnBroker } from "../support/own-broker.ts";
import { OwnEngine } from "../support/own-engine.ts";
import { must, run } from "../support/run.ts";
import { baseImage } from "../support/target.ts";
import { type Case, casesOf, judge, type Kind, whatIsLeft } from "./cases.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { bytesBefore } from "./faults.ts";
import type { Ended } from "./helper-build.ts";
import { renderTable, type Ran, tell } from "./table.ts";

const seed = Number(process.env.VOYAGER_FAULT_SEED ?? Date.now() % 1_000_000);
/** Of each way of building. */
const chosen = process.env.VOYAGER_FAULTS === "all" ? Number.POSITIVE_INFINITY : 30;
/** Seconds after which a build is taken to hang. */
const limit = 60;

const offline = makeOffline();
const declaration = (transfer: string) => `build {
  pname = "faults-${transfer}"; system = ${offline.system(`faults-${runId}`)}; transfer = "${transfer}"; timeout = 30; silenceTimeout = 5;
  src = ${root}/examples/c-program/source;
  buildScript = "mkdir $out/share; cp * $out/share/; cp /bin/true $out/; for i in {1..50}; do echo line $i; done";
}`;

/** An engine, a proxy, a broker, and one build after the other: several are in nobody's way. */
class Lane {
  readonly ran: Ran[] = [];
  #derivation = "";
  #output = "";

  private constructor(
    readonly kind: Kind,
    private readonly folder: string,
    private readonly own: OwnEngine,
    private readonly proxy: FaultProxy,
    readonly broker: OwnBroker,
  ) {}

  static async start(transfer: string): Promise<Lane> {
    const folder = mkdtempSync(join(tmpdir(), "voyager-faults-"));
    mkdirSync(join(folder, "engine"));
    const own = await OwnEngine.start();
    await own.load(await baseImage());
    const socket = join(folder, "engine/engine.sock");
    const proxy = await new FaultProxy(socket, null, { engine: own.socket }).listen();
    writeFileSync(join(folder, "engine/engine.json"), '{ "answerTimeout": 4 }');
    const policy = { systems: "any", perBuild: { requestsPerSecond: 200 } };
    const broker = await OwnBroker.start(policy, `unix://${socket}`, { DOCKER_HOST: `unix://${socket}` });
    const kind: Kind = {
      name: transfer,
      spec: () => {
        throw new Error("not by the helper alone");
      },
      closure: [],
    };
    const lane = new Lane(kind, folder, own, proxy, broker);
    // Makes the environment, too.
    await mustBuild(declaration(transfer), broker.nixOptions);
    [lane.#derivation = ""] = await instantiate(declaration(transfer));
    lane.#output = await must("nix-store", ["--query", "--outputs", lane.#derivation]);
    return lane;
  }

  async #build(): Promise<Ended> {
    await nix("nix-store", ["--delete", this.#output]);
    const args = ["--realise", this.#derivation, ...this.broker.nixOptions];
    const { status, stderr } = await run("timeout", [String(limit), "nix-store", ...args]);
    // Nix's own status says only that a build failed.
    const [, code] = /failed with exit code (\d+)/.exec(stderr) ?? [];
    const output = existsSync(this.#output)
      ? await must("nix-store", ["--query", "--hash", this.#output])
      : null;
    return { status: status === 124 ? null : status === 0 ? 0 : Number(code ?? -1), stderr, output };
  }

  /** Undisturbed: the output, and the cases that its requests make. */
  async cases(): Promise<{ output: string; cases: Case[] }> {
    this.proxy.plan(null);
    const { status, stderr, output } = await this.#build();
    if (status !== 0 || output === null) throw new Error(`the undisturbed build failed:\n${stderr}`);
    return { output, cases: casesOf(this.kind, [...this.proxy.requests]) };
  }

  async run(one: Case, expected: string): Promise<void> {
    this.proxy.plan({ ...one, bytes: bytesBefore(one.fault, one.recorded) });
    const started = performance.now();
    const ended = await this.#build();
    const seconds = (performance.now() - started) / 1000;
    const left = await whatIsLeft(this.proxy, new DockerEngine(this.own.address));
    const violation = left.length > 0 ? "left" : judge(ended, expected);
    const outcome = !this.proxy.isHit && violation === "same" ? "not met" : violation;
    this.ran.push({ ...one, outcome, seconds, ended, left });
  }

  async stop(): Promise<void> {
    await this.broker.stop();
    await this.proxy.stop();
    await this.own.stop();
    await nix("nix-store", ["--delete", this.#output]);
    rmSync(this.folder, { recursive: true });
  }
}

const lanes: Lane[] = [];
beforeAll(async () => {
  process.stderr.write(`faults below a broker: VOYAGER_FAULT_SEED=${seed}\n`);
  for (const transfer of ["bind", "stream"]) lanes.push(await Lane.start(transfer));
  // What a broker asks that has just started is of no build.
  await sleep(Math.max(...lateLooks) + 500);
});
afterAll(async () => {
  process.stdout.write(renderTable(lanes.flatMap(({ ran }) => ran)));
  for (const lane of lanes) await lane.stop();
  offline.remove();
});

test("requests of a broker, each with a fault", async () => {
  const random = seeded(seed);
  await Promise.all(
    lanes.map(async (lane) => {
      const { output, cases } = await lane.cases();
      // So that a difference is the fault's.
      expect((await lane.cases()).output).toBe(output);
      const some = cases
        .map((one) => ({ one, order: random() }))
        .sort((a, b) => a.order - b.order)
        .slice(0, chosen);
      for (const { one } of some) await lane.run(one, output);
      expect(lane.broker.process.exitCode).toBeNull();
      expect((await lane.cases()).output).toBe(output);
    }),
  );
  const ran = lanes.flatMap((lane) => lane.ran);
  const wrong = ran.filter(({ outcome }) => !["error", "same", "not met"].includes(outcome));
  expect(wrong.map(tell)).toEqual([]);
  expect(ran.length).toBeGreaterThanOrEqual(2 * Math.min(chosen, 30));
  expect(ran.filter(({ outcome }) => outcome === "not met").length).toBeLessThan(ran.length / 10);
  for (const lane of lanes) expect(lane.broker.mounts()).toEqual([]);
}, 1_800_000);
