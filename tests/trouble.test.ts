/**
 * What machines run out of, and what builds do to them: each ends with an error that says what it was and
 * what to do, and a build beside it is not harmed. The engine is one of the test's own, whose disk has only
 * as much space as is said.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Description,
  type DirectOptions,
  type DirectRun,
  describe as describeBuilds,
  helperCommand,
  outputOf,
  peakOf,
  startHelper,
} from "./support/direct.ts";
import { nixBuild, runId } from "./support/nix.ts";
import { makeOffline } from "./support/offline.ts";
import { killProcess, OwnEngine } from "./support/own-engine.ts";
import { must, run } from "./support/run.ts";
import { baseImage } from "./support/target.ts";

const megabyte = 1_000_000;
const offline = makeOffline();
const system = offline.system(`trouble-${runId}`);
const folder = mkdtempSync(join(tmpdir(), "voyager-trouble-"));
let engine: OwnEngine;
let command: string[];
let neighbour: Description;
let tops = 0;

beforeAll(async () => {
  engine = await OwnEngine.start("3g");
  await engine.load(await baseImage());
  command = await helperCommand();
  neighbour = await described(
    `pname = "neighbour"; buildScript = "for n in {1..30}; do sleep 0.1; echo $n >>$out/lines; done";`,
  );
  expect(await (await start(neighbour)).ended).toMatchObject({ status: 0 });
});
afterAll(async () => {
  await engine?.stop();
  offline.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A build of the test's system, as the helper reads it. */
async function described(attributes: string): Promise<Description> {
  const whole = attributes.includes(" system = ") ? attributes : `system = ${system}; ${attributes}`;
  const [found] = await describeBuilds(`[ (build { ${whole} }) ]`);
  return found as Description;
}

interface Started extends DirectRun {
  out: string;
}

async function start(description: Description, options: Partial<DirectOptions> = {}): Promise<Started> {
  const top = join(folder, String(++tops));
  mkdirSync(top);
  const run = startHelper(command, top, description, { engine: engine.address, ...options });
  return { ...run, out: outputOf(top, description, options.store) };
}

/** Runs a build that must fail, beside one that must not be harmed. Resolves with what it says. */
async function failure(attributes: string, options: Partial<DirectOptions> = {}): Promise<string> {
  const beside = await start(neighbour);
  while (!beside.stderr().includes("container started")) await sleep(20);
  const failing = await start(await described(attributes), options);
  const { status, stderr } = await failing.ended;
  expect({ status, stderr }).not.toMatchObject({ status: 0 });
  expect(stderr).toMatch(/nix-voyager: error: [\s\S]*\n {2}why: [\s\S]*\n {2}remedy: /);
  expect(await beside.ended).toMatchObject({ status: 0 });
  expect(readFileSync(join(beside.out, "lines"), "utf8").trim().split("\n")).toHaveLength(30);
  await nothingLeft();
  return stderr.slice(stderr.indexOf("nix-voyager: error: "));
}

async function nothingLeft(): Promise<void> {
  for (let tries = 0; (await engine.containers()).length > 0 && tries < 100; tries++) await sleep(50);
  expect(await engine.containers()).toEqual([]);
}

const transfers = ["bind", "stream"] as const;

describe("the engine's disk is full", () => {
  /** Leaves so much of it. */
  async function leave(bytes: number): Promise<void> {
    const used = Number(await must("sh", ["-c", `df --output=used -B1 '${engine.folder}/data' | tail -n 1`]));
    await engine.resize(String(used + bytes));
  }
  afterEach(() => engine.resize("3g"));

  test.each(transfers)("by what a build writes into its container (%s)", async (transfer) => {
    await leave(40 * megabyte);
    const message = await failure(
      `pname = "full"; transfer = "${transfer}"; buildScript = "head -c 80000000 /dev/zero >/tmp/big";`,
    );
    expect(message).toContain("the build script of full-1 failed");
    expect(message).toContain("a disk is full: the engine's, which has the container's own folders (/tmp");
    expect(message).toContain("`voyager environment prune`");
  });

  test("by a package's installation", async () => {
    await leave(60 * megabyte);
    const full = offline.system(`full-${runId}`, "", "head -c 100000000 /dev/zero >/var/big");
    const message = await failure(`pname = "full"; system = ${full}; buildScript = "touch $out/x";`);
    expect(message).toContain(`the engine's disk is full: full-${runId} could not be made`);
    expect(message).toContain("No space left on device");
    expect(message).toContain("`voyager environment prune`");
  });

  test("by the image of an environment; with space again, it is made", async () => {
    const full = offline.system(`commit-${runId}`, "", "head -c 100000000 /dev/urandom >/var/big");
    const attributes = `pname = "full"; system = ${full}; buildScript = "touch $out/x";`;
    // The container's own layer has room, its copy has none.
    await leave(150 * megabyte);
    const message = await failure(attributes);
    expect(message).toMatch(/the engine refused: saving the image|the engine broke off POST \/commit/);
    expect(message).toContain("the engine's disk is full: `voyager environment prune` frees");
    await engine.resize("3g");
    expect(await (await start(await described(attributes))).ended).toMatchObject({ status: 0 });
  });

  test("before a container can be made", async () => {
    await leave(0);
    const build = await start(await described(`pname = "none"; buildScript = "touch $out/x";`));
    const { status, stderr } = await build.ended;
    expect({ status, stderr }).toMatchObject({ status: 71 });
    expect(stderr).toContain("the engine's disk is full");
  });
});

describe("the disk of the store is full", () => {
  const store = join(folder, "store");
  beforeAll(async () => {
    const disk = join(folder, "disk");
    for (const path of [disk, store]) mkdirSync(path);
    await must("mount", ["-t", "tmpfs", "-o", "size=8m,mode=755", "voyager-test", disk]);
    // At the same place on its disk as on the machine: so it can be bound.
    mkdirSync(join(disk, store), { recursive: true });
    await must("mount", ["--bind", join(disk, store), store]);
  });
  afterAll(async () => {
    for (const path of [store, join(folder, "disk")]) await run("umount", [path]);
  });

  test.each(transfers)("by what a build installs (%s)", async (transfer) => {
    const message = await failure(
      `pname = "full"; transfer = "${transfer}"; buildScript = "head -c 20000000 /dev/zero >$out/big";`,
      { store },
    );
    expect(message).toContain(`a disk is full: the disk of the store, ${store}`);
    expect(message).toContain("nix-collect-garbage");
    expect(readdirSync(store)).toEqual([]);
  });
});

test("the memory limit, also for one whose clock is an hour behind", async () => {
  const clock = { env: fakeTime("-1h") };
  const message = await failure(
    `pname = "greedy"; limits.memory = "64M"; buildScript = "x=$(head -c 200000000 /dev/zero | tr '\\\\0' x)";`,
    clock,
  );
  expect(message).toContain("greedy-1 needs more memory than its limit of 64 MiB");
  expect(message).toContain("raise limits.memory");
});

describe("builds that fork", () => {
  test("until their limit, which they have without asking for one", async () => {
    const message = await failure(
      `pname = "bomb"; buildScript = ''perl -e 'while (defined fork) {} die "fork: $!\\n"' '';`,
    );
    expect(message).toContain("limits.pids allows 4096");
    expect(message).toContain("raise limits.pids");
  });

  test("for ever: they end with the helper", async () => {
    const beside = await start(neighbour);
    const bomb = await start(
      await described(`pname = "bomb"; limits.pids = 512; buildScript = "perl -e 'fork while 1'";`),
    );
    while (!bomb.stderr().includes("container started")) await sleep(20);
    await sleep(1000);
    killProcess(bomb.child.pid as number);
    const [id] = (await engine.containers()).filter(
      ({ Labels }) => Labels["nix-voyager.container"] === "build",
    );
    expect(id).toBeDefined();
    expect(await beside.ended).toMatchObject({ status: 0 });
    await nothingLeft();
  });
});

describe("a log of 1,000 lines a millisecond", () => {
  const lines = 4_000_000;

  test.each(transfers)("is complete, in order, and in nobody's memory (%s)", async (transfer) => {
    const build = await described(
      `pname = "chatty"; transfer = "${transfer}"; buildScript = "seq 1 ${lines}; touch $out/x";`,
    );
    const file = join(folder, `log-${transfer}`);
    const logFile = openSync(file, "w");
    const run = await start(build, { logFile });
    const [peak, { status }] = await Promise.all([peakOf(run), run.ended]);
    closeSync(logFile);
    expect(status).toBe(0);
    expect(await must("sh", ["-c", `grep -c '^[0-9][0-9]*$' '${file}'`])).toBe(String(lines));
    expect(await must("sh", ["-c", `grep '^[0-9][0-9]*$' '${file}' | sort -n -c && echo sorted`])).toBe(
      "sorted",
    );
    expect(peak).toBeGreaterThan(30e6);
    expect(peak).toBeLessThanOrEqual(190e6);
    rmSync(file);
  });

  test("Nix gets it, too", async () => {
    const { status, stderr } = await nixBuild(
      `build { pname = "chatty"; buildScript = "seq 1 200000; touch $out/x"; }`,
    );
    expect(status).toBe(0);
    const numbers = stderr.split("\n").filter((line) => /^\d+\r?$/.test(line));
    const wrong = numbers.findIndex((line, index) => Number(line) !== index + 1);
    expect(wrong < 0 ? [] : numbers.slice(wrong - 2, wrong + 3)).toEqual([]);
    expect(numbers).toHaveLength(200_000);
  });
});

/** Variables that give a program another time; with a file for it, it may change while the program runs. */
function fakeTime(offset: string, file?: string): NodeJS.ProcessEnv {
  const library = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketime.so.1`;
  if (file !== undefined) writeFileSync(file, offset);
  return {
    LD_PRELOAD: library,
    DONT_FAKE_MONOTONIC: "1",
    ...(file === undefined
      ? { FAKETIME: offset }
      : { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1" }),
  };
}

describe("the helper's clock", () => {
  test.each([
    ["+1h", "reused"],
    ["+1y", "made"],
    // What was made in a time to come says nothing of its age.
    ["-1h", "made"],
    ["-1y", "made"],
  ])(
    "is off by %s: the environment is %s, and made again at most once when the clock is right",
    async (offset, what) => {
      const build = await described(`pname = "clock"; buildScript = "touch $out/x";`);
      const before = await (await start(build)).ended;
      expect(before).toMatchObject({ status: 0 });
      const off = await (await start(build, { env: fakeTime(offset) })).ended;
      expect(off).toMatchObject({ status: 0 });
      expect(off.stderr).toContain(`packages: ${what}, `);
      expect(await (await start(build)).ended).toMatchObject({ status: 0 });
      const again = await (await start(build)).ended;
      expect(again.stderr).toContain("packages: reused, ");
    },
  );

  test.each(["+1h", "-1h", "+1y"])("jumps by %s while a build runs", async (offset) => {
    const file = join(folder, "clock");
    const build = await described(`pname = "jump"; buildScript = "echo waiting; sleep 1.5; touch $out/x";`);
    const run = await start(build, { env: fakeTime("+0", file) });
    while (!run.stderr().includes("waiting")) await sleep(20);
    writeFileSync(file, offset);
    const begin = performance.now();
    expect(await run.ended).toMatchObject({ status: 0 });
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test("jumps while one build waits for the environment that another makes", async () => {
    const file = join(folder, "clock-waiting");
    const fresh = offline.system(`clock-${runId}`);
    const build = await described(`pname = "waits"; system = ${fresh}; buildScript = "touch $out/x";`);
    const first = await start(build);
    while (!first.stderr().includes("making it")) await sleep(20);
    const second = await start(build, { env: fakeTime("+0", file) });
    while (!second.stderr().includes("another build is making it")) await sleep(20);
    writeFileSync(file, "-1h");
    expect(await first.ended).toMatchObject({ status: 0 });
    expect(await second.ended).toMatchObject({ status: 0 });
  });
});
