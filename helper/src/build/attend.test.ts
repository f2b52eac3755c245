import { setTimeout as sleep } from "node:timers/promises";
import { FakeEngine } from "../../testing/fake-engine.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { packageManagerContainer } from "../environment/container-request.ts";
import { attend as attendNoted, noted } from "./attend.ts";

const attend = <T>(
  engine: FakeEngine,
  limits: Parameters<typeof attendNoted>[1],
  build: (engine: FakeEngine) => Promise<T>,
) => attendNoted((note) => noted(engine, note), limits, build);

const request = packageManagerContainer({ name: null, image: "image", network: false });
const limits = { name: "hello-1", timeout: null, silenceTimeout: null };
let engine: FakeEngine;
beforeEach(() => {
  engine = new FakeEngine();
});

test("a build's result is handed on, and its engine is the one that was given", async () => {
  const base = engine.add("debian:12");
  expect(await attend(engine, limits, (attended) => attended.image("debian:12"))).toBe(base);
});

test("a build that fails leaves no container, also none that is still on its way", async () => {
  const failing = attend(engine, limits, async (attended) => {
    await attended.start(request);
    const { start } = engine;
    engine.start = async (late) => {
      await sleep(30);
      return start.call(engine, late);
    };
    attended.start(request).catch(() => {});
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(engine.started).toHaveLength(2);
  expect(engine.present.size).toBe(0);
});

test("a start that fails is the build's affair", async () => {
  engine.start = () => Promise.reject(new Error("no start"));
  const build = attend(engine, limits, (attended) => attended.start(request).catch(() => "went on"));
  expect(await build).toBe("went on");
});

test("a build that takes too long is ended, with what to raise", async () => {
  const build = attend(engine, { ...limits, timeout: 0.05 }, async (attended) => {
    await attended.start(request);
    await sleep(10_000, undefined, { ref: false });
  });
  const error = await thrownBy<VoyagerError>(build);
  expect(error).toMatchObject({ kind: "killed", what: "hello-1 takes longer than its timeout of 0.05 s" });
  expect(error.details.remedy).toContain("raise `timeout`");
  expect(engine.present.size).toBe(0);
});

test("a container that says nothing is ended, one that does is not", async () => {
  const silent = { ...limits, silenceTimeout: 0.1 };
  const talking = attend(engine, silent, async (attended) => {
    await attended.start(request);
    for (let count = 0; count < 20; count++) {
      engine.bytes++;
      await sleep(15);
    }
    return "done";
  });
  expect(await talking).toBe("done");
  const build = attend(engine, silent, async (attended) => {
    await attended.start(request);
    await sleep(10_000, undefined, { ref: false });
  });
  const error = await thrownBy<VoyagerError>(build);
  expect(error).toMatchObject({ kind: "killed" });
  expect(error.what).toBe("nothing has come from hello-1 for 0.1 s, its silenceTimeout");
  expect(error.details.remedy).toContain("raise `silenceTimeout`");
});

test("while no container runs there is no silence", async () => {
  const build = attend(engine, { ...limits, silenceTimeout: 0.04 }, () => sleep(150, "done"));
  expect(await build).toBe("done");
});
