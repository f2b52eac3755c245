/** Containers whose end the engine does not tell. */
import type { PassThrough } from "node:stream";
import { type FakeDaemon, json, refusal, switching } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { runningContainer } from "../../../testing/running-container.ts";
import type { VoyagerError } from "../../common/errors.ts";
import type { DockerContainer } from "./container.ts";

const answerTimeout = 80;
let daemon: FakeDaemon;
let attached: PassThrough;
let waiting: PassThrough;
let container: DockerContainer;
beforeEach(async () => {
  ({ daemon, attached, waiting, container } = await runningContainer(answerTimeout));
});
afterEach(() => daemon.close());

const lost = { kind: "engine", what: "the connection to the running container was lost" };
const running = (isRunning: boolean, status = "running") =>
  json({ State: { Running: isRunning, Status: status } });
const looks = () => daemon.seen.filter(({ path }) => path === "/containers/c1/json").length;
/** Whether nothing of its end is told, for as long as it takes to find out. */
const goesOn = async () => {
  const pause = new Promise((resolve) => setTimeout(resolve, 4 * answerTimeout, "goes on"));
  return Promise.race([container.exit.catch((error: Error) => error), pause]);
};

test.each([
  ["runs", running(true)],
  ["does not run yet", running(false, "created")],
  ["is not to be asked after", refusal(403, "no")],
])("one that says nothing and %s is waited for", async (_name, answer) => {
  daemon.on("GET /containers/c1/json", answer);
  expect(await goesOn()).toBe("goes on");
  expect(looks()).toBeGreaterThan(1);
  waiting.end('{"StatusCode":3}');
  attached.end();
  expect(await container.exit).toBe(3);
});

test.each([
  ["has ended", running(false, "exited")],
  ["is not there", refusal(404, "No such container")],
])("one that, as the engine says, %s, and of whose end nothing comes, is lost", async (_name, answer) => {
  daemon.on("GET /containers/c1/json", answer);
  const error = await thrownBy<VoyagerError>(container.exit);
  expect(error).toMatchObject(lost);
  expect(error.details.why).toBe("the engine says that it has ended, not how");
  expect(looks()).toBe(2);
});

test("an engine that does not answer", async () => {
  daemon.on("GET /containers/c1/json", () => {});
  expect(await thrownBy(container.exit)).toMatchObject({
    what: "the engine did not answer GET /containers/c1/json within 0.08 s",
  });
});

test("the end of the output without a status, and the other way round", async () => {
  daemon.on("GET /containers/c1/json", running(true));
  attached.end();
  const error = await thrownBy<VoyagerError>(container.exit);
  expect(error).toMatchObject(lost);
  expect(error.details.why).toContain("the end of the output, not the status");
});

test("a status without the end of the output", async () => {
  daemon.on("GET /containers/c1/json", running(true));
  waiting.end('{"StatusCode":0}');
  const error = await thrownBy<VoyagerError>(container.exit);
  expect(error).toMatchObject(lost);
  expect(error.details.why).toContain("the status, not the end of the output");
});

test("one that has ended is not asked after any more", async () => {
  daemon.on("GET /containers/c1/json", running(true));
  waiting.end('{"StatusCode":0}');
  attached.end();
  expect(await container.exit).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, answerTimeout));
  expect(looks()).toBe(0);
});

test("a program that has ended, and whose output does not", async () => {
  daemon.on("POST /containers/c1/exec", json({ Id: "e1" }, 201));
  daemon.onUpgrade("/exec/e1/start", (socket) => {
    socket.write(switching);
  });
  daemon.on("GET /containers/c1/json", running(true));
  daemon.on("GET /exec/e1/json", json({ Running: false, ExitCode: 0 }));
  const program = {
    command: ["true"],
    env: {},
    user: "0:0",
    workingDirectory: "/",
    input: null,
    onOutput: () => {},
  };
  expect(await thrownBy(container.exec(program))).toMatchObject(lost);
});

test("the event of its end is not waited for where the end is known", async () => {
  daemon.on("GET /events", () => {});
  const ended = container.whenEnded();
  attached.end();
  waiting.end('{"StatusCode":0}');
  await ended;
});
