import { FakeEngine } from "../../testing/fake-engine.ts";
import { keptLog } from "../../testing/logs.ts";
import { labels } from "./labels.ts";
import { sweep } from "./sweep.ts";

const { log, messages } = keptLog();
beforeEach(() => messages.splice(0));

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);

/** An engine with a container in this state. */
function withContainer(seconds: number, running: boolean, label: string | null = "build"): FakeEngine {
  const engine = new FakeEngine();
  const own: Record<string, string> = label === null ? {} : { [labels.container]: label };
  engine.present.set("one", { id: "1", running, created: ago(seconds), labels: own });
  return engine;
}

test("a container that was made long ago and does not run", async () => {
  const engine = withContainer(31, false);
  expect(await sweep(engine, log)).toEqual({ containers: 1, images: 0 });
  expect(engine.present.size).toBe(0);
  expect(messages).toEqual(["removed what killed builds had left: 1 containers, 0 images"]);
});

test.each([
  ["runs", withContainer(1000, true)],
  ["may be about to start", withContainer(20, false)],
  ["is somebody else's", withContainer(1000, false, null)],
  ["was started by hand from an image of ours, which has the label empty", withContainer(1000, false, "")],
])("one stays that %s", async (_what, engine) => {
  expect(await sweep(engine, log)).toEqual({ containers: 0, images: 0 });
  expect(engine.present.size).toBe(1);
  expect(messages).toEqual([]);
});

test("age is told by the engine's clock, not by ours", async () => {
  const engine = withContainer(3600, false);
  engine.now = () => ago(3590);
  expect(await sweep(engine, log)).toEqual({ containers: 0, images: 0 });
  engine.now = () => ago(3500);
  expect(await sweep(engine, log)).toEqual({ containers: 1, images: 0 });
});

test("images without a name, once they are old enough to have got one", async () => {
  const engine = new FakeEngine();
  const kind = { [labels.kind]: "environment" };
  engine.add("old", { tags: [], labels: kind, created: ago(3600) });
  engine.add("new", { tags: [], labels: kind, created: ago(3) });
  engine.add("named:1", { labels: kind, created: ago(3600) });
  engine.add("foreign", { tags: [], created: ago(3600) });
  expect(await sweep(engine, log)).toEqual({ containers: 0, images: 1 });
  expect([...engine.held.keys()]).toEqual(["new", "named:1", "foreign"]);
});

test("an image that is in use stays", async () => {
  const engine = new FakeEngine();
  engine.add("used", { tags: [], labels: { [labels.kind]: "environment" }, created: ago(3600) });
  engine.removeImage = async () => false;
  expect(await sweep(engine, log)).toEqual({ containers: 0, images: 0 });
});

test("where there is nothing to do, the engine is asked for two lists", async () => {
  const engine = new FakeEngine();
  engine.info = () => Promise.reject(new Error("asked"));
  expect(await sweep(engine, log)).toEqual({ containers: 0, images: 0 });
});
