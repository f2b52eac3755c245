import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../../../testing/fake-engine.ts";
import { temporaryFolders } from "../../../testing/folders.ts";
import { makeLock, makeLocked } from "../../../testing/locks.ts";
import { keptLog, thrownBy } from "../../../testing/logs.ts";
import { makeSystem } from "../../../testing/specs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { exportEnvironment } from "../carry/export.ts";
import { importEnvironment } from "../carry/import.ts";
import { type EnvironmentRequest, ensureEnvironment } from "../environments.ts";
import { labels } from "../labels.ts";
import { formatLock, prefetchedName, type FetchablePackage, type SystemLock } from "./lock-file.ts";

const folder = temporaryFolders();
const { log, messages } = keptLog();
beforeEach(() => messages.splice(0));

const content = "a package";
const sha256 = createHash("sha256").update(content).digest("hex");
const gcc = makeLocked({ sha256, size: content.length }) as FetchablePackage;
const libc = makeLocked({ name: "libc6", version: "2.36" });

/** A container of the base image with these packages, whose installation leaves those. */
function makeEngine(
  before: [string, string][],
  after: [string, string][],
  scripts: string[] = [],
): FakeEngine {
  const engine = new FakeEngine();
  engine.add("debian:12");
  const line = ([name, version]: [string, string]) =>
    `ii \t${name}\t${version}\tamd64\t${name}\t${version}\n`;
  engine.program = ({ command, onOutput }) => {
    const script = command.join(" ");
    scripts.push(script);
    const print = (text: string) => onOutput(1, Buffer.from(text));
    if (script.includes("indextargets")) {
      print(`@@ architecture\namd64\n@@ packages\n${before.map(line).join("")}@@ targets\n@@ policy\n`);
    } else if (script.includes("Status-Abbrev")) {
      print(`@@ packages\n${after.map(line).join("")}@@ os-release\nID=debian\n@@ passwd\n@@ group\n`);
    } else if (script.includes("apt-cache show")) {
      print(`Package: gcc\nVersion: 13\nArchitecture: amd64\nFilename: x\nSize: 1\nSHA256: ${sha256}\n`);
    } else if (script.includes("sha256sum")) print(`${sha256} *${prefetchedName(gcc)}\n`);
    return 0;
  };
  return engine;
}

/** What is asked for by a lock; with `kept`, from a folder of packages. */
function requestOf(lock: SystemLock, kept = true, layers = [["gcc"]]): EnvironmentRequest {
  const file = join(folder(), "x.system.lock.json");
  writeFileSync(file, formatLock(lock));
  const packages = kept ? join(file, "../packages") : null;
  if (packages) {
    mkdirSync(packages);
    writeFileSync(join(packages, prefetchedName(gcc)), content);
  }
  return { system: makeSystem(), layers, maxAge: 0, lock: { file, packages } };
}

const ensure = (engine: FakeEngine, ...what: Parameters<typeof requestOf>) =>
  ensureEnvironment(engine, requestOf(...what), log);

const both = makeLock([gcc, libc]);
const right: [string, string][] = [
  ["gcc", "12"],
  ["libc6", "2.36"],
];

test("from a folder: no network, only what differs is sent, what is too many is removed", async () => {
  const scripts: string[] = [];
  const engine = makeEngine(
    [
      ["libc6", "2.36"],
      ["gcc", "13"],
      ["nano", "7"],
    ],
    right,
    scripts,
  );
  const { requested } = await ensure(engine, both, true, [["gcc"], []]);
  expect(requested).toEqual(["gcc"]);
  expect(engine.started).toMatchObject([{ network: false, privilegesOfPackageManager: true }]);
  expect(scripts.some((script) => /apt-get (update|download|upgrade)/.test(script))).toBe(false);
  expect(scripts.find((script) => script.includes("--purge"))).toContain("for name in 'nano:amd64'; do");
});

test("from the repositories: with network, and a version that is gone is told before anything is changed", async () => {
  const scripts: string[] = [];
  const engine = makeEngine([["libc6", "2.36"]], right, scripts);
  const error = await thrownBy<VoyagerError>(ensure(engine, both, false));
  expect(error.kind).toBe("environment");
  expect(error.details.why).toBe("the mirror no longer has gcc 12; it has 13");
  expect(engine.started).toMatchObject([{ network: true }]);
  expect(scripts.some((script) => script.includes("--purge"))).toBe(false);
  expect(engine.present.size).toBe(0);
});

test("one image for a lock: whichever base image, however old, whatever else is asked for", async () => {
  const engine = makeEngine(right, right);
  const lock = makeLock([gcc, makeLocked({ name: "libc6", version: "2.36", sha256 })], ["gcc"]);
  const first = await ensure(engine, lock);
  for (const image of engine.held.values()) {
    if (image.labels[labels.asOf]) image.labels[labels.asOf] = "2001-01-01T00:00:00Z";
  }
  engine.add("debian:12");
  const second = await ensure(engine, { ...lock, osRelease: {} }, false, [["gcc", "libc6"]]);
  expect(second.image).toBe(first.image);
  expect(second.requested).toEqual(["gcc", "libc6"]);
  expect(engine.started).toHaveLength(1);
  expect(messages.at(-1)).toMatch(/^environment debian12, locked: reused, \d+ days old$/);
});

test("it is carried to another engine alone: that needs no base image", async () => {
  const output = join(folder(), "carried");
  await exportEnvironment(makeEngine(right, right), requestOf(both), output, log);
  const elsewhere = new FakeEngine();
  await importEnvironment(elsewhere, output, { replaceBase: false }, log);
  expect([...elsewhere.held.keys()]).toEqual([expect.stringMatching(/^nix-voyager\/environment:/)]);
  await ensure(elsewhere, both);
  expect(elsewhere.started).toEqual([]);
});

test("it does not grow from an environment without a lock, nor is one grown from it", async () => {
  const engine = makeEngine(right, right);
  const { system, base } = { system: makeSystem(), base: engine.held.get("debian:12")?.id };
  await ensureEnvironment(engine, { system, layers: [["gcc"]], maxAge: 86400 }, log);
  await ensure(engine, both);
  await ensureEnvironment(engine, { system, layers: [["gcc", "make"]], maxAge: 86400 }, log);
  expect(engine.started.map(({ image }) => image === base)).toEqual([true, true, false]);
  expect(engine.started[2]?.image).toBe([...engine.held.values()][1]?.id);
});

test("a result that is not the lock is no environment, and the difference is named", async () => {
  const engine = makeEngine(
    [["libc6", "2.36"]],
    [
      ["libc6", "2.37"],
      ["gcc", "12"],
      ["nano", "7"],
    ],
  );
  const error = await thrownBy<VoyagerError>(ensure(engine, both));
  expect(error.what).toBe("the environment of debian12 is not what its lock says");
  expect(error.details.why).toBe("libc6:amd64 is 2.37, not 2.36\nnano:amd64 7 is too many");
  expect(engine.held.size).toBe(1);
  expect(engine.present.size).toBe(0);
});

test("a file with another hash is named, with where it came from, before anything is installed", async () => {
  const scripts: string[] = [];
  const engine = makeEngine([["libc6", "2.36"]], right, scripts);
  const { program } = engine;
  const wrong = "d".repeat(64);
  engine.program = (exec, container) => {
    if (!exec.command.join(" ").includes("sha256sum")) return program(exec, container);
    exec.onOutput(1, Buffer.from(`${wrong} *${prefetchedName(gcc)}\n`));
    return 0;
  };
  const error = await thrownBy<VoyagerError>(ensure(engine, both));
  expect(error.details.why).toMatch(/^from .*\/packages:\n/);
  expect(error.details.why).toContain(`${prefetchedName(gcc)} has the hash ${wrong}, the lock has ${sha256}`);
  expect(scripts.some((script) => script.includes("apt-get install"))).toBe(false);
  expect(engine.present.size).toBe(0);
});

test("a lock for another architecture or system, and a package that only another base image has", async () => {
  const refuse = async (lock: SystemLock) =>
    (await thrownBy<VoyagerError>(ensure(makeEngine([], right), lock))).render();
  expect(await refuse({ ...both, architecture: "arm64" })).toMatch(/is for arm64\n.*base image is for amd64/);
  expect(await refuse({ ...both, system: "debian13" })).toContain("is a lock of debian13, not of debian12");
  const local = { ...libc, repository: null, file: null, size: null, sha256: null };
  expect(await refuse(makeLock([gcc, local]))).toMatch(/lacks what its lock has\n(.*\n)*.*libc6 2\.36/);
});
