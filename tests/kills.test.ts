/**
 * 100 builds without a broker (tests/broker/kills.test.ts has 200 with one), each ended by SIGKILL at a random
 * moment: the helper, the Nix above it, or the engine below. After each nothing runs any more, and the next build of
 * the same makes the same bits; what was created and not yet started, a later build sweeps up. The engine is one of the
 * test's own (see own-engine.ts); VOYAGER_KILL_SEED repeats a run's moments.
 */
import { seeded } from "../helper/testing/random.ts";
import { Kills } from "./support/kills/kills.ts";
import { type Lane, makeLanes, removeBuildFolders } from "./support/kills/lanes.ts";
import { share, times } from "./support/kills/share.ts";
import { makeOffline } from "./support/offline.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { baseImage } from "./support/target.ts";

const seed = Number(process.env.VOYAGER_KILL_SEED ?? Date.now() % 1_000_000);
const random = seeded(seed);
/** Builds that run at once. */
const laneCount = 4;

let engine: OwnEngine;
let lanes: Lane[];
let kills: Kills;
const offline = makeOffline();

beforeAll(async () => {
  process.stderr.write(`kills: VOYAGER_KILL_SEED=${seed}\n`);
  engine = await OwnEngine.start();
  await engine.load(await baseImage());
  lanes = await makeLanes(engine, offline, laneCount);
  // One that was made may be started in this very moment, and then ends in the next; else only a sweep removes it.
  kills = new Kills(engine, random, 1000);
  // What each build makes undisturbed, and how long it takes while others run.
  await Promise.all(lanes.map((lane) => lane.prepare(true)));
});
afterAll(async () => {
  process.stderr.write(kills?.table() ?? "");
  for (const lane of lanes ?? []) await lane.remove();
  await engine?.stop();
  offline.remove();
  removeBuildFolders();
});

test("a helper that is killed: 60 of them", async () => {
  await share(lanes, random, times({ bind: 28, stream: 24, environment: 8 }), (lane, way) =>
    kills.helper(lane, way),
  );
});

test("the helper in the Nix sandbox is killed, and Nix itself: 8 each", async () => {
  const ways = times({ bind: 4, stream: 2, environment: 2 });
  const both = ways.flatMap((way) => [{ way, victim: "helper" } as const, { way, victim: "nix" } as const]);
  await share(lanes, random, both, (lane, { way, victim }) => kills.inNix(lane, way, victim));
});

test.each(["direct", "direct", "direct", "nix", "nix"] as const)(
  "an engine that is killed with four builds running (%s)",
  async (how) => {
    await kills.engine(lanes, how, "kill");
  },
);

test("a machine that fails with four builds running", async () => {
  await kills.engine(lanes, "direct", "crash");
});

test("what was never started is swept up by a later build, as are images that lost their names", async () => {
  await kills.untilOld();
  await (lanes[0] as Lane).build("bind");
  await kills.expectNothing();
  const counted = kills.counted();
  expect(counted.total).toBe(100);
  expect(counted.leftRunning).toEqual([]);
});
