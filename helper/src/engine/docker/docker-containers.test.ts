import { FakeDaemon, frame, json, refusal, switching } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { VoyagerError } from "../../common/errors.ts";
import { type ContainerRequest, MountSourceMissing, NameTaken } from "../engine.ts";
import { DockerEngine } from "./docker-engine.ts";

let daemon: FakeDaemon;
let engine: DockerEngine;
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  engine = new DockerEngine(daemon.address);
});
afterEach(() => daemon.close());

const request: ContainerRequest = {
  name: "lock",
  image: "sha256:1",
  command: ["bash", "stage"],
  env: { A: "b=c" },
  user: "30001:30000",
  workingDirectory: "/build",
  mounts: [{ source: "/host", target: "/build", readOnly: true }],
  labels: { l: "1" },
  network: false,
  privilegesOfPackageManager: false,
  limits: { memory: 1e9, cpus: 1.5, pids: 100 },
  onOutput: () => {},
};

/** A daemon that runs one container: it prints what it is sent, and ends with a status. */
function playContainer(status: number): string[] {
  const order: string[] = [];
  let started = () => {};
  const start = new Promise<void>((resolve) => {
    started = resolve;
  });
  daemon
    .on("POST /containers/create", json({ Id: "c1" }, 201))
    .on("POST /containers/c1/wait", async (response) => {
      order.push("wait");
      response.writeHead(200).flushHeaders();
      await start;
      response.end(JSON.stringify({ StatusCode: status, Error: null }));
    })
    .on("POST /containers/c1/start", (response) => {
      order.push("start");
      response.writeHead(204).end();
      started();
    })
    .on("DELETE /containers/c1", (response) => {
      order.push("remove");
      response.writeHead(204).end();
    })
    .onUpgrade("/containers/c1/attach", (socket) => {
      order.push("attach");
      socket.write(switching);
      socket.on("data", (data) => socket.write(frame(1, data)));
      socket.on("end", () => socket.end());
    });
  return order;
}

test("attached and waited for before it starts", async () => {
  const order = playContainer(7);
  let output = "";
  const container = await engine.start({
    ...request,
    firstInput: "well, ",
    onOutput: (_stream, data) => {
      output += data;
    },
  });
  container.lifeline.end("hello");
  expect(await container.exit).toBe(7);
  expect(output).toBe("well, hello");
  expect(order.slice(0, 2).sort()).toEqual(["attach", "wait"]);
  expect(order[2]).toBe("start");
  const wait = daemon.seen.find(({ path }) => path.endsWith("/wait"));
  expect(wait?.query).toEqual({ condition: "next-exit" });
});

test("locked down: no network, no capabilities, limits, removed at its end", async () => {
  playContainer(0);
  const container = await engine.start(request);
  container.lifeline.end();
  await container.exit;
  const create = daemon.seen.find(({ path }) => path === "/containers/create");
  expect(create?.query).toEqual({ name: "lock" });
  expect(JSON.parse(create?.body ?? "")).toMatchObject({
    Entrypoint: ["bash", "stage"],
    Env: ["A=b=c"],
    User: "30001:30000",
    NetworkDisabled: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: "none",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: 1e9,
      MemorySwap: 1e9,
      NanoCpus: 1.5e9,
      PidsLimit: 100,
      Mounts: [{ Type: "bind", Source: "/host", Target: "/build", ReadOnly: true }],
    },
  });
});

test("a package manager's has network and capabilities, and no limit is no limit", async () => {
  playContainer(0);
  const limits = { memory: null, cpus: null, pids: null };
  const container = await engine.start({
    ...request,
    name: null,
    network: true,
    privilegesOfPackageManager: true,
    limits,
  });
  container.lifeline.end();
  await container.exit;
  const create = daemon.seen.find(({ path }) => path === "/containers/create");
  const { NetworkDisabled, HostConfig: host } = JSON.parse(create?.body ?? "");
  expect(NetworkDisabled).toBe(false);
  expect(create?.query).toEqual({});
  expect(host).toMatchObject({ NetworkMode: "default", CapDrop: [] });
  expect(host).not.toHaveProperty("Memory");
  expect(host).not.toHaveProperty("NanoCpus");
  expect(host).not.toHaveProperty("PidsLimit");
});

test("a name that is taken", async () => {
  daemon.on("POST /containers/create", refusal(409, 'Conflict. The container name "/lock" is in use'));
  expect(await thrownBy(engine.start(request))).toBeInstanceOf(NameTaken);
});

test("a mount that the host does not have", async () => {
  const message = 'invalid mount config for type "bind": bind source path does not exist: /host';
  daemon.on("POST /containers/create", refusal(400, message));
  const error = await thrownBy(engine.start(request));
  expect(error).toBeInstanceOf(MountSourceMissing);
  expect(error.message).toContain("/host");
});

test("one that cannot start leaves nothing", async () => {
  const order = playContainer(0);
  daemon.on("POST /containers/c1/start", refusal(400, 'exec: "bash": executable file not found in $PATH'));
  expect(await thrownBy(engine.start(request))).toMatchObject({
    kind: "engine",
    what: "the engine refused: starting a container",
    details: { why: 'exec: "bash": executable file not found in $PATH' },
  });
  expect(order).toContain("remove");
});

test("state", async () => {
  const answer = { Id: "c1", Created: "2024-01-02T03:04:05.5Z", State: { Running: false } };
  daemon.on("GET /containers/lock/json", json(answer));
  expect(await engine.containerState("lock")).toEqual({
    id: "c1",
    running: false,
    created: new Date("2024-01-02T03:04:05.5Z"),
  });
  daemon.on("GET /containers/lock/json", refusal(404, "No such container: lock"));
  expect(await engine.containerState("lock")).toBeNull();
});

test("removing: done, none, already on its way, refused", async () => {
  const removing = (status: number) => {
    daemon.on("DELETE /containers/lock", refusal(status, "words"));
    return engine.removeContainer("lock");
  };
  daemon.on("DELETE /containers/lock", (response) => response.writeHead(204).end());
  await engine.removeContainer("lock");
  expect(daemon.seen[0]?.query).toEqual({ force: "true", v: "true" });
  await removing(404);
  await removing(409);
  const error = await thrownBy(removing(500));
  expect(error).toBeInstanceOf(VoyagerError);
  expect(error).toMatchObject({ kind: "engine", details: { why: "words" } });
});
