/**
 * 200 builds that reach the engine by a broker, each ended by SIGKILL at a random moment: the helper, the Nix above
 * it, the broker, or the engine below. After 5 s there is nothing left of any, and the next build of the same makes
 * the same bits. The engine is one of the test's own; VOYAGER_KILL_SEED repeats a run's moments.
 */
import { seeded } from "../../helper/testing/random.ts";
import { Kills } from "../support/kills/kills.ts";
import { type Lane, makeLanes, removeBuildFolders } from "../support/kills/lanes.ts";
import { share, times } from "../support/kills/share.ts";
import { makeOffline } from "../support/offline.ts";
import { OwnBroker } from "../support/own-broker.ts";
import { OwnEngine } from "../support/own-engine.ts";
import { baseImage } from "../support/target.ts";

const seed = Number(process.env.VOYAGER_KILL_SEED ?? Date.now() % 1_000_000);
const random = seeded(seed);
/** Builds that run at once. */
const laneCount = 4;

let engine: OwnEngine;
let broker: OwnBroker;
let lanes: Lane[];
let kills: Kills;
const offline = makeOffline();

beforeAll(async () => {
  process.stderr.write(`kills below a broker: VOYAGER_KILL_SEED=${seed}\n`);
  engine = await OwnEngine.start();
  await engine.load(await baseImage());
  const policy = { systems: "any", perBuild: { requestsPerSecond: 200 } };
  broker = await OwnBroker.start(policy, engine.address);
  lanes = await makeLanes(engine, offline, laneCount, broker.folder);
  kills = new Kills(engine, random);
  // What each build makes undisturbed, and how long it takes while others run.
  await Promise.all(lanes.map((lane) => lane.prepare(false)));
});
afterAll(async () => {
  process.stderr.write(kills?.table() ?? "");
  for (const lane of lanes ?? []) await lane.remove();
  await broker?.stop();
  await engine?.stop();
  offline.remove();
  removeBuildFolders();
});

test("a helper that is killed, and a Nix that is: 72 each", async () => {
  const ways = times({ bind: 40, stream: 24, environment: 8 });
  const both = ways.flatMap((way) => [{ way, victim: "helper" } as const, { way, victim: "nix" } as const]);
  await share(lanes, random, both, (lane, { way, victim }) => kills.inNix(lane, way, victim));
});

test.each(Array(7).fill("kill").concat("crash"))(
  "an engine with four builds running (%s)",
  async (end: "kill" | "crash") => {
    await kills.engine(lanes, "nix", end);
  },
);

test.each([1, 2, 3, 4, 5, 6])("a broker that is killed with four builds running (%i)", async () => {
  await kills.beneath(lanes, "nix", "broker", {
    end: async () => {
      const { process: victim } = broker;
      expect(victim.exitCode ?? victim.signalCode).toBeNull();
      const ended = new Promise((resolve) => victim.once("exit", resolve));
      victim.kill("SIGKILL");
      await ended;
    },
    startAgain: () => broker.another(),
  });
});

test("of all 200 nothing was left after 5 s, nor is there anything now", async () => {
  expect(kills.counted()).toEqual({ total: 200, leftRunning: [], neverStarted: 0 });
  await kills.expectNothing();
  expect(broker.mounts()).toEqual([]);
});
