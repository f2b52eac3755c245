import { FakeDaemon, json, pieces, refusal } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { type ContainerRequest, NameTaken } from "../engine.ts";
import { DockerEngine } from "./docker-engine.ts";

let daemon: FakeDaemon;
let engine: DockerEngine;
let removed: string[];
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  engine = new DockerEngine(daemon.address);
  removed = [];
  for (const id of ["c1", "c2"]) {
    daemon.on(`DELETE /containers/${id}`, (response) => {
      removed.push(id);
      response.writeHead(204).end();
    });
  }
});
afterEach(() => daemon.close());

const request: ContainerRequest = {
  name: "lock",
  image: "sha256:1",
  command: ["bash", "stage"],
  env: {},
  user: "30001:30000",
  workingDirectory: "/build",
  mounts: [],
  labels: { l: "1" },
  network: false,
  privilegesOfPackageManager: false,
  limits: { memory: null, cpus: null, pids: 100 },
  onOutput: () => {},
};

/** The labels of the container that was asked for last. */
function labelsAsked(): Record<string, string> {
  const create = daemon.seen.findLast(({ path }) => path === "/containers/create");
  return JSON.parse(create?.body ?? "{}").Labels;
}

const list = "GET /containers/json";

test.each([
  ["broken off", pieces(['{"Id":'], "break")],
  ["cut short", pieces(['{"Id":'])],
  ["an error under status 200", json({ error: "lost it" })],
  ["status 500", refusal(500, "lost it")],
])("an answer that does not tell the id: %s. The container is found and removed", async (_name, answer) => {
  daemon.on("POST /containers/create", answer).on(list, json([{ Id: "c1", Names: ["/lock"] }]));
  expect(await thrownBy(engine.start(request))).toMatchObject({ kind: "engine" });
  const [label] = JSON.parse(
    daemon.seen.find(({ path }) => path === "/containers/json")?.query.filters ?? "",
  ).label;
  expect(label).toBe(`nix-voyager.ticket=${labelsAsked()["nix-voyager.ticket"]}`);
  expect(removed).toEqual(["c1"]);
});

test("one that comes a moment later is found, too", async () => {
  daemon.on("POST /containers/create", pieces([], "break"));
  let looks = 0;
  daemon.on(list, (response, seen) => json(++looks === 1 ? [] : [{ Id: "c1" }])(response, seen));
  await thrownBy(engine.start(request));
  expect(removed).toEqual(["c1"]);
});

test("that it cannot be looked for is not what is told", async () => {
  daemon.on("POST /containers/create", pieces([], "break")).on(list, refusal(500, "no list"));
  expect(await thrownBy(engine.start(request))).toMatchObject({
    what: "the engine broke off POST /containers/create",
  });
});

test("a refusal of what was asked for made nothing", async () => {
  daemon.on("POST /containers/create", refusal(400, "no such user"));
  await thrownBy(engine.start(request));
  expect(daemon.seen).toHaveLength(1);
});

const inspected = (labels: Record<string, string>) =>
  json({ Id: "c2", Created: "2024-01-02T03:04:05Z", State: { Running: true }, Config: { Labels: labels } });

test("a request that came twice: the name is taken by our own container, which is used", async () => {
  daemon.on("POST /containers/create", refusal(409, "the name is in use"));
  daemon.on("GET /containers/lock/json", (response, seen) => inspected(labelsAsked())(response, seen));
  daemon.on("POST /containers/c2/wait", pieces([]));
  expect(await thrownBy(engine.start(request))).toMatchObject({ kind: "engine" }); // nobody attaches us
  expect(daemon.seen.map(({ path }) => path)).toContain("/containers/c2/attach");
  expect(removed).toEqual(["c2"]);
});

test.each([
  ["another's", inspected({ "nix-voyager.ticket": "another" }), { id: "c2", running: true }],
  ["nobody's any more", refusal(404, "gone"), null],
  ["not to be asked after", refusal(403, "no"), undefined],
])("a name that is taken: %s", async (_name, answer, holder) => {
  daemon.on("POST /containers/create", refusal(409, "the name is in use"));
  daemon.on("GET /containers/lock/json", answer);
  const error = await thrownBy<NameTaken>(engine.start(request));
  expect(error).toBeInstanceOf(NameTaken);
  if (holder) expect(error.holder).toMatchObject(holder);
  else expect(error.holder).toBe(holder);
  expect(removed).toEqual([]);
});

test("a start that is answered and was not done is no start", async () => {
  daemon.on("POST /containers/create", json({ Id: "c1" }, 201));
  daemon.onUpgrade("/containers/c1/attach", (socket) => {
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  });
  daemon.on("POST /containers/c1/wait", (response) => response.writeHead(200).flushHeaders());
  daemon.on("POST /containers/c1/start", json({ message: "lost it" }));
  expect(await thrownBy(engine.start(request))).toMatchObject({
    kind: "engine",
    what: "the engine's answer to POST /containers/c1/start makes no sense",
  });
  expect(removed).toEqual(["c1"]);
});
