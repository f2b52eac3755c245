/** Builds by way of the broker: what they are given, what is noted of it, and what a restart means for them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CountedEngine } from "../support/counted.ts";
import { removeKeptPackages } from "../support/kept-packages.ts";
import { mustBuild, nixBuild, runId } from "../support/nix.ts";
import { makeOffline } from "../support/offline.ts";
import { OwnBroker, type TrailLine } from "../support/own-broker.ts";
import { must } from "../support/run.ts";
import { baseImage } from "../support/target.ts";

let broker: OwnBroker;
beforeAll(async () => {
  broker = await OwnBroker.start();
});
afterAll(async () => {
  expect(broker.trail().filter(({ level }) => level >= 50)).toEqual([]);
  await broker.stop();
  await broker.expectNothingLeft();
  await removeKeptPackages(runId);
});

const small = (pname: string, more = "") => `build {
  pname = "${pname}"; buildScript = "id -u >$out/id; echo $out >$out/path; ${more}";
}`;
const transfers = ["auto", "stream"];

describe.each(transfers)("transfer %s", (transfer) => {
  const expression = (pname: string) => `(${small(pname)}).override { transfer = "${transfer}"; }`;

  test("a build, and what the trail says of it", async () => {
    const before = broker.trail().length;
    const [out = ""] = await mustBuild(expression(`brokered-${transfer}`), broker.nixOptions);
    expect(readFileSync(join(out, "path"), "utf8").trim()).toBe(out);
    const lines = broker.trail().slice(before);
    expect(lines.filter(({ decision }) => decision === "refused")).toEqual([]);
    const [environment, run] = lines.filter(({ decision }) => decision === "allowed");
    expect(environment).toMatchObject({ want: "environment", user: expect.stringMatching(/^nixbld\d+$/) });
    expect(run).toMatchObject({ want: "run", network: false, user: environment?.user });
    if (transfer === "auto") {
      // The output's place in the sandbox names the derivation.
      expect(run?.writes?.some((path) => path.endsWith(out) && path.includes(".drv.chroot"))).toBe(true);
    } else expect(run).toMatchObject({ writes: [], streamed: true });
    await broker.whenTrail(({ ended }) => ended === "status 0", before);
    expect(broker.mounts()).toEqual([]);
  });

  test("the same bits as without it", async () => {
    const pname = `same-${transfer}`;
    const [out = ""] = await mustBuild(expression(pname), broker.nixOptions);
    const hash = () => must("nix-store", ["--query", "--hash", out]);
    const brokered = await hash();
    await must("nix-store", ["--delete", out]);
    const engine = await CountedEngine.start();
    try {
      await engine.build(expression(pname));
    } finally {
      await engine.stop();
    }
    expect(await hash()).toBe(brokered);
  });

  test("a script that fails says so, with its last lines", async () => {
    const failing = `(${small("failing", "echo the reason; exit 7")}).override { transfer = "${transfer}"; }`;
    const { status, stderr } = await nixBuild(failing, broker.nixOptions);
    expect(status).not.toBe(0);
    expect(stderr).toContain("the build script of failing-1 failed with exit code 7");
    expect(stderr).toContain("the reason");
  });

  test("a memory limit that is reached is told", async () => {
    const hungry = `build {
      pname = "hungry"; transfer = "${transfer}"; limits.memory = "32M";
      buildScript = "head -c 200000000 /dev/zero | tail";
    }`;
    const { stderr } = await nixBuild(hungry, broker.nixOptions);
    expect(stderr).toContain("needs more memory than its limit of");
  });
});

test("a system that the policy does not have", async () => {
  const { status, stderr } = await nixBuild(
    `(${small("foreign")}).override { system = systems.debian12.override { setup = "id"; }; }`,
    broker.nixOptions,
  );
  expect(status).not.toBe(0);
  expect(stderr).toContain("error: the broker makes no environments of the system debian12");
  expect(stderr).toContain("docs/broker.md says how a system is added");
  expect(broker.trail().at(-1)).toMatchObject({ decision: "refused", want: "environment" });
});

test("more memory than the policy allows", async () => {
  const { stderr } = await nixBuild(
    `(${small("greedy")}).override { limits.memory = "900G"; }`,
    broker.nixOptions,
  );
  expect(stderr).toContain("the broker refused what the build asked for");
  expect(stderr).toMatch(/why: +limits.memory is \d+, where the broker allows \d+/);
});

test("a fixed-output derivation has a network", async () => {
  const before = broker.trail().length;
  // Of a hash that it cannot have, so that it is fetched each time.
  const { stderr } = await nixBuild(
    'fetchPypi { pname = "six"; version = "1.16.0"; hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; }',
    broker.nixOptions,
  );
  expect(stderr).toContain("hash mismatch");
  const runs = broker
    .trail()
    .slice(before)
    .filter(({ want }) => want === "run");
  expect(runs).toMatchObject([{ decision: "allowed", network: true }]);
});

const isRun = ({ want }: { want?: string }) => want === "run";

/** Starts a build and waits until its script runs. */
async function started(expression: string) {
  const before = broker.trail().length;
  const result = nixBuild(expression, broker.nixOptions);
  while (!broker.trail().slice(before).some(isRun)) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return { result };
}
const longBuild = (pname: string, seconds: number) => started(small(pname, `sleep ${seconds}`));

test("a restart loses no build that runs, and the next one is taken at once", async () => {
  const first = broker.process;
  const { result: running } = await longBuild("restarted", 5);
  await broker.another();
  const ended = new Promise((resolve) => first.once("exit", resolve));
  first.kill("SIGTERM");
  const [out = ""] = await mustBuild(small("meanwhile"), broker.nixOptions);
  expect(existsSync(out)).toBe(true);
  expect(first.exitCode).toBeNull();
  expect(await running).toMatchObject({ status: 0 });
  expect(await ended).toBe(0);
}, 60_000);

test("a broker that is killed takes its builds with it, and its mounts are cleared away by the next", async () => {
  const { result: running } = await longBuild("lost", 60);
  broker.process.kill("SIGKILL");
  const { status, stderr } = await running;
  expect(status).not.toBe(0);
  expect(stderr).toContain("the connection to the broker was lost");
  await broker.expectNothingLeft();
  const gone = await nixBuild(small("refused"), broker.nixOptions);
  expect(gone.stderr).toContain("no broker answers at /run/nix-voyager/broker.sock");
  await broker.another();
  await broker.expectNothingLeft();
  await mustBuild(small("after"), broker.nixOptions);
  expect(broker.mounts()).toEqual([]);
}, 60_000);

test("what the engine makes for a killed broker when the next has started already, is removed too", async () => {
  const dead = broker.process;
  const ended = new Promise((resolve) => dead.once("exit", resolve));
  dead.kill("SIGKILL");
  await ended;
  const before = broker.trail().length;
  await broker.another();
  const name = `voyager-late-${runId}`;
  const label = `nix-voyager.broker=${dead.pid}:0`;
  await must("docker", ["create", "--name", name, "--label", label, await baseImage(), "true"]);
  const isRemoved = (line: TrailLine) =>
    line.msg?.startsWith("a container is ended") === true && line.name === name;
  await broker.whenTrail(isRemoved, before);
  await broker.expectNothingLeft();
}, 60_000);

test("an environment in the making is the broker's as a build is; what is started of it later is not", async () => {
  const offline = makeOffline();
  const name = `voyager-marked-${runId}`;
  const own = await OwnBroker.start({ systems: "any" });
  try {
    const making = mustBuild(
      `build { pname = "marked"; system = ${offline.system(name)}; buildScript = "touch $out/made"; }`,
      own.nixOptions,
    );
    const marked = [
      "--filter",
      "label=nix-voyager.container=environment",
      "--filter",
      "label=nix-voyager.broker",
    ];
    const format = ["--format", '{{.Label "nix-voyager.broker"}}'];
    const marks = () => must("docker", ["ps", "--all", ...marked, ...format]);
    while (!(await marks()).includes(`${own.process.pid}:`)) await sleep(20);
    await making;
    const image = await must("docker", ["images", "--quiet", "--filter", `label=nix-voyager.system=${name}`]);
    await must("docker", ["create", "--name", name, image, "true"]);
    await own.another();
    await sleep(1500); // in which it has looked for what is left more than once
    expect(await must("docker", ["rm", name])).toBe(name);
    await must("docker", ["rmi", "--force", image]);
  } finally {
    await own.stop();
    offline.remove();
  }
}, 60_000);

test("a helper that is killed takes its container with it", async () => {
  const { result: running } = await longBuild("killed", 60);
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const isHelper = readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("voyager.cjs\0build");
      if (!isHelper || !readFileSync(`/proc/${pid}/root/build/.attrs.json`, "utf8").includes('"killed-1"'))
        continue;
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended, or is the kernel's.
    }
  }
  await running;
  await broker.expectNothingLeft(2);
  await broker.whenTrail(({ ended }) => ended === "its build went, so it was ended");
}, 60_000);

test("a broker that is told twice to end ends its containers first, also those that do not want to", async () => {
  const stubborn = small("stubborn", "trap '' TERM HUP INT; exec 0</dev/null; sleep 60 & wait");
  const { result: running } = await started(stubborn);
  const first = broker.process;
  const ended = new Promise((resolve) => first.once("exit", resolve));
  first.kill("SIGTERM");
  first.kill("SIGINT");
  await ended;
  await broker.expectNothingLeft(2);
  expect((await running).status).not.toBe(0);
  await broker.another();
}, 60_000);
