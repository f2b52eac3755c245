/**
 * 200 builds, each ended by SIGKILL at a random moment: the helper, the Nix above it, or the engine below.
 * After each nothing is left, and the next build of the same makes the same bits. The engine is one of the
 * test's own (see own-engine.ts); VOYAGER_KILL_SEED repeats a run's moments.
 */
import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seeded } from "../helper/testing/random.ts";
import { Kills } from "./support/kills/kills.ts";
import { type Lane, makeLanes, type Way } from "./support/kills/lanes.ts";
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
  kills = new Kills(engine, random);
  // What each build makes undisturbed, and how long it takes while others run.
  await Promise.all(lanes.map((lane) => lane.prepare()));
});
afterAll(async () => {
  process.stderr.write(kills?.table() ?? "");
  for (const lane of lanes ?? []) await lane.remove();
  await engine?.stop();
  offline.remove();
  // A Nix that is killed leaves the folders of its builds.
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith("nix-build-kills-"))) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
});

/** A list with each way as often as is said. */
function times(counts: Record<string, number>): Way[] {
  return Object.entries(counts).flatMap(([way, count]) => Array(count).fill(way) as Way[]);
}

/** Has all lanes take from one list, in a random order, until it is empty. */
async function share<T>(list: T[], work: (lane: Lane, one: T) => Promise<void>): Promise<void> {
  const left = list
    .map((one) => ({ one, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one);
  const take = async (lane: Lane) => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(lane, one);
  };
  await Promise.all(lanes.map(take));
}

test("a helper that is killed: 128 of them", async () => {
  await share(times({ bind: 60, stream: 52, environment: 16 }), (lane, way) => kills.helper(lane, way));
});

test("the helper in the Nix sandbox is killed, and Nix itself: 24 each", async () => {
  const ways = times({ bind: 12, stream: 8, environment: 4 });
  const both = ways.flatMap((way) => [{ way, victim: "helper" } as const, { way, victim: "nix" } as const]);
  await share(both, (lane, { way, victim }) => kills.inNix(lane, way, victim));
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
  expect(counted.total).toBe(200);
  expect(counted.leftRunning).toEqual([]);
});
