import { FakeEngine } from "../../testing/fake-engine.ts";
import { keptLog } from "../../testing/logs.ts";
import { ImageMissing, type RunningContainer } from "../engine/engine.ts";
import { packageManagerContainer } from "../environment/container-request.ts";
import { startInSlot } from "./slots.ts";

const request = packageManagerContainer({ name: null, image: "image", network: false });

test("no more than the limit run at once, and all run", async () => {
  const engine = new FakeEngine();
  const { log, messages } = keptLog();
  let most = 0;
  const build = async () => {
    const container = await startInSlot({ engine, limit: 3, log }, request);
    most = Math.max(most, engine.present.size);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await container.kill();
  };
  await Promise.all(Array.from({ length: 20 }, build));
  expect(engine.started).toHaveLength(20);
  expect(most).toBe(3);
  expect(messages).toContain("the engine runs 3 builds, as many as it may: waiting");
  expect(messages.filter((message) => message.includes("waiting")).length).toBeLessThanOrEqual(17);
});

test("a free engine is asked for nothing but the start", async () => {
  const engine = new FakeEngine();
  engine.containers = () => Promise.reject(new Error("asked"));
  const { log, messages } = keptLog();
  await startInSlot({ engine, limit: 8, log }, request);
  expect(engine.started).toHaveLength(1);
  expect(messages).toEqual(["container started"]);
});

test("the last free slot is found at once", async () => {
  const engine = new FakeEngine();
  engine.whenGone = () => Promise.reject(new Error("waited"));
  const { log } = keptLog();
  const started: RunningContainer[] = [];
  for (let count = 0; count < 16; count++)
    started.push(await startInSlot({ engine, limit: 16, log }, request));
  expect(new Set(started.map(({ id }) => id)).size).toBe(16);
});

test("an error of the start is the caller's", async () => {
  const engine = new FakeEngine();
  engine.start = () => Promise.reject(new ImageMissing("gone"));
  await expect(startInSlot({ engine, limit: 2, log: keptLog().log }, request)).rejects.toThrow(ImageMissing);
});
