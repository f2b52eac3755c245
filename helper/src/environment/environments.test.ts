import { setTimeout as sleep } from "node:timers/promises";
import { FakeEngine } from "../../testing/fake-engine.ts";
import { keptLog, thrownBy } from "../../testing/logs.ts";
import { makeSystem } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { ensureEnvironment, formatAge } from "./environments.ts";
import { labels } from "./labels.ts";

const hour = 3_600_000;
const system = makeSystem();

/** An engine with the base image, on which packages can be installed. */
function makeEngine(): FakeEngine {
  const engine = new FakeEngine();
  engine.add("debian:12");
  engine.program = ({ command, onOutput }) => {
    if (command.join(" ").includes("dpkg-query")) onOutput(1, Buffer.from(record));
    return 0;
  };
  return engine;
}

const record =
  "@@ packages\nii \tgcc\t12\tamd64\tgcc-defaults\t1.203\n@@ os-release\nID=debian\n@@ passwd\nroot:x:0:0\n@@ group\n";
const { log, messages } = keptLog();
beforeEach(() => messages.splice(0));

const ensure = (engine: FakeEngine, layers: string[][], maxAge = 86400) =>
  ensureEnvironment(engine, { system, layers, maxAge }, log);

/** Environments on the engine: their packages, and what made them of what. */
const environments = (engine: FakeEngine) =>
  [...engine.held.values()].filter((image) => image.labels[labels.kind] === "environment");
const packagesOf = (engine: FakeEngine) =>
  environments(engine).map((image) => JSON.parse(image.labels[labels.packages] ?? "").join(" "));

/** Makes all environments look older. */
function age(engine: FakeEngine, milliseconds: number): void {
  for (const image of environments(engine)) {
    const asOf = Date.parse(image.labels[labels.asOf] ?? "") - milliseconds;
    image.labels[labels.asOf] = new Date(asOf).toISOString();
  }
}

test("made once, then reused", async () => {
  const engine = makeEngine();
  const made = await ensure(engine, [["gcc"]]);
  expect(made.record.packages).toEqual([
    { name: "gcc", version: "12", arch: "amd64", source: "gcc-defaults", sourceVersion: "1.203" },
  ]);
  const again = await ensure(engine, [["gcc"]]);
  expect(again).toEqual(made);
  expect(engine.started).toHaveLength(1);
  expect(messages.at(-1)).toBe("environment debian12 + 1 package: reused, less than a minute old");
});

test("no lock is left, and the container had what a package manager needs", async () => {
  const engine = makeEngine();
  await ensure(engine, [["gcc"]]);
  expect(engine.present.size).toBe(0);
  expect(engine.started[0]).toMatchObject({ user: "0:0", network: true, privilegesOfPackageManager: true });
});

test("order and repetition of packages do not matter", async () => {
  const engine = makeEngine();
  const one = await ensure(engine, [["b", "a"]]);
  const other = await ensure(engine, [["a", "b", "a"]]);
  expect(other.image).toBe(one.image);
  expect(one.requested).toEqual(["a", "b"]);
});

test("each layer is an environment, and the next grows from it", async () => {
  const engine = makeEngine();
  await ensure(engine, [["gcc"], ["libffi-dev"]]);
  expect(packagesOf(engine)).toEqual(["gcc", "gcc libffi-dev"]);
  const [first, second] = engine.started;
  expect(first?.image).toBe(engine.held.get("debian:12")?.id);
  expect(second?.image).toBe(environments(engine)[0]?.id);
});

test("it grows from the one with most of its packages, and installs the rest", async () => {
  const engine = makeEngine();
  await ensure(engine, [["a"], ["b"]]);
  await ensure(engine, [["z"]]);
  const scripts: string[] = [];
  const { program } = engine;
  engine.program = (exec, container) => {
    scripts.push(exec.command.join(" "));
    return program(exec, container);
  };
  await ensure(engine, [["a", "b", "c"]]);
  const withTwo = environments(engine).find((image) => image.labels[labels.packages] === '["a","b"]');
  expect(engine.started.at(-1)?.image).toBe(withTwo?.id);
  expect(scripts.find((script) => script.includes("apt-get install"))).toContain("install -- 'c'");
});

test("it grows from none that has more than it wants, nor from a smaller one that came later", async () => {
  const engine = makeEngine();
  await ensure(engine, [["a", "b"]]);
  await ensure(engine, [["x", "y", "z"]]);
  await ensure(engine, [["b"]]);
  await ensure(engine, [["a", "b", "c"]]);
  expect(engine.started.at(-1)?.image).toBe(environments(engine)[0]?.id);
});

test("what another made between our look and the lock is taken", async () => {
  const other = makeEngine();
  await ensure(other, [["gcc"]]);
  const engine = makeEngine();
  const start = engine.start.bind(engine);
  engine.start = async (request) => {
    const [made] = environments(other);
    engine.add(made?.tags[0] ?? "", { ...made, id: "sha256:theirs" });
    return start(request);
  };
  expect((await ensure(engine, [["gcc"]])).image).toBe("sha256:theirs");
  expect(engine.present.size).toBe(0);
});

test("what is told of a failure begins on a line of its own, wherever the output broke off", async () => {
  const engine = makeEngine();
  engine.program = ({ onOutput }) => {
    onOutput(1, Buffer.from("Reading package lists..."));
    return 100;
  };
  const error = (await thrownBy(() => ensure(engine, [["gcc"]]))) as VoyagerError;
  expect(error.said).toBe("Reading package lists...\n");
});

test("a system without packages is an environment, too", async () => {
  const engine = makeEngine();
  expect((await ensure(engine, [])).requested).toEqual([]);
  expect(packagesOf(engine)).toEqual([""]);
});

test("another system, or another base image, shares nothing", async () => {
  const engine = makeEngine();
  await ensure(engine, [["gcc"]]);
  await ensureEnvironment(
    engine,
    { system: makeSystem({ setup: "true" }), layers: [["gcc"]], maxAge: 86400 },
    log,
  );
  engine.add("debian:12"); // pulled anew: another id
  await ensure(engine, [["gcc"]]);
  expect(engine.started).toHaveLength(3);
});

test("older than maxAge: made anew, and the old one removed", async () => {
  const engine = makeEngine();
  const old = await ensure(engine, [["gcc"]]);
  age(engine, 23 * hour);
  expect((await ensure(engine, [["gcc"]])).image).toBe(old.image);
  expect(messages.at(-1)).toBe("environment debian12 + 1 package: reused, 23 h old");
  age(engine, 2 * hour);
  const made = await ensure(engine, [["gcc"]]);
  expect(made.image).not.toBe(old.image);
  expect(await engine.image(old.image)).toBeNull();
});

test("it does not grow from one that is too old", async () => {
  const engine = makeEngine();
  await ensure(engine, [["gcc"]]);
  age(engine, 25 * hour);
  await ensure(engine, [["gcc", "make"]]);
  expect(engine.started.at(-1)?.image).toBe(engine.held.get("debian:12")?.id);
});

test("it is as old as its oldest layer", async () => {
  const engine = makeEngine();
  await ensure(engine, [["gcc"]]);
  age(engine, 20 * hour);
  await ensure(engine, [["gcc"], ["make"]]);
  age(engine, 5 * hour);
  const count = engine.started.length;
  await ensure(engine, [["gcc"], ["make"]]);
  expect(engine.started.length).toBe(count + 2);
});

test("maxAge 0: always made anew", async () => {
  const engine = makeEngine();
  await ensure(engine, [["gcc"]], 0);
  await sleep(2);
  await ensure(engine, [["gcc"]], 0);
  expect(engine.started).toHaveLength(2);
});

test("eight that ask at once: one makes it, the others wait", async () => {
  const engine = makeEngine();
  const { program } = engine;
  engine.program = async (exec, container) => {
    await sleep(20);
    return program(exec, container);
  };
  const results = await Promise.all(Array.from({ length: 8 }, () => ensure(engine, [["gcc"]])));
  expect(new Set(results.map(({ image }) => image)).size).toBe(1);
  expect(engine.started).toHaveLength(1);
  expect(messages.filter((message) => message.includes("another build is making it"))).toHaveLength(7);
});

test("with maxAge 0, those who waited take what was made meanwhile", async () => {
  const engine = makeEngine();
  const results = await Promise.all([ensure(engine, [["gcc"]], 0), ensure(engine, [["gcc"]], 0)]);
  expect(results[0]?.image).toBe(results[1]?.image);
  expect(engine.started).toHaveLength(1);
});

/** Takes the lock that an environment's maker would hold. */
async function lockName(): Promise<string> {
  const probe = makeEngine();
  await ensure(probe, [["gcc"]]);
  return probe.started[0]?.name ?? "";
}

test("the maker fails: who waited makes it", async () => {
  const engine = makeEngine();
  const name = await lockName();
  engine.present.set(name, { id: name, running: true, created: new Date() });
  const asked = ensure(engine, [["gcc"]]);
  await sleep(50);
  engine.present.delete(name); // its lifeline ended, and the engine removed it
  expect((await asked).requested).toEqual(["gcc"]);
  expect(engine.started).toHaveLength(1);
});

test("a lock whose owner died before it started is taken over after a while", async () => {
  const engine = makeEngine();
  const name = await lockName();
  engine.present.set(name, { id: name, running: false, created: new Date(Date.now() - 31_000) });
  await ensure(engine, [["gcc"]]);
  expect(engine.started).toHaveLength(1);
});

test.each([
  ["young", { running: false, created: () => Date.now() - 1000 }],
  ["running", { running: true, created: () => Date.now() - hour }],
])("a lock that is %s is left alone", async (_name, { running, created }) => {
  const engine = makeEngine();
  const name = await lockName();
  engine.present.set(name, { id: name, running, created: new Date(created()) });
  const asked = ensure(engine, [["gcc"]]);
  await sleep(400);
  expect(engine.started).toHaveLength(0);
  engine.present.delete(name);
  await asked;
});

test("a failed installation leaves neither image nor container", async () => {
  const engine = makeEngine();
  engine.program = ({ command, onOutput }) => {
    if (command.join(" ").includes("pkgnames")) onOutput(1, Buffer.from("gcc\nmake\n"));
    if (!command.join(" ").includes("apt-get install")) return 0;
    onOutput(2, Buffer.from("E: Unable to locate package gccc\n"));
    return 100;
  };
  const error = await thrownBy<VoyagerError>(ensure(engine, [["gccc"]]));
  expect(error.kind).toBe("environment");
  expect(error.details.why).toContain("did you mean 'gcc'?");
  expect(environments(engine)).toEqual([]);
  expect(engine.present.size).toBe(0);
});

test("ages in words", () => {
  const minute = 60_000;
  expect(
    [-5, 0, minute, 119 * minute, 120 * minute, 47 * hour, 48 * hour, 720 * hour].map(formatAge),
  ).toEqual([
    "less than a minute",
    "less than a minute",
    "1 min",
    "119 min",
    "2 h",
    "47 h",
    "2 days",
    "30 days",
  ]);
});

test("what is installed is not taken from output that broke off", async () => {
  const engine = makeEngine();
  engine.losesOutput = true;
  expect(await thrownBy<VoyagerError>(ensure(engine, [["gcc"]]))).toMatchObject({
    kind: "engine",
    what: "not all came that a program in the container printed",
  });
  expect(environments(engine)).toHaveLength(0);
  expect(engine.present.size).toBe(0);
});

test("one that was made twice, by a request that came twice, is there once", async () => {
  const engine = makeEngine();
  const start = engine.start.bind(engine);
  engine.start = async (request) => {
    const container = await start(request);
    const commit = async (image: { tag: string; labels: Record<string, string> }) => {
      await container.commit(image);
      return container.commit(image);
    };
    return { ...container, commit };
  };
  const { image } = await ensure(engine, [["gcc"]]);
  expect(environments(engine).map(({ id }) => id)).toEqual([image]);
});
