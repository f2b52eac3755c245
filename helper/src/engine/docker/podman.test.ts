/** What Podman answers, as 4.3 and 5.4 did, where it is not what Docker would. */
import { Readable } from "node:stream";
import { FakeDaemon, frame, json, pieces, refusal, switching } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { type ContainerRequest, MountSourceMissing, NameTaken } from "../engine.ts";
import { DockerEngine } from "./docker-engine.ts";

const id = "4425f5b1d943".padEnd(64, "0");
let daemon: FakeDaemon;
let engine: DockerEngine;
/** What was asked for, in order. */
let order: string[];
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  daemon.server = "Libpod/4.3.1 (linux)";
  engine = new DockerEngine(daemon.address);
  // An image is looked for before anything else, and this one is not there.
  daemon.on("GET /images/none/json", refusal(404, "failed to find image none: No such image"));
  await engine.image("none");
  daemon.seen.length = 0;
  order = [];
});
afterEach(() => daemon.close());

const request: ContainerRequest = {
  name: "lock",
  image: `sha256:${id}`,
  command: ["bash", "stage"],
  env: {},
  user: "1000:100",
  workingDirectory: "/build",
  mounts: [],
  volumes: [{ name: "kept", target: "/kept", labels: { kind: "packages" } }],
  labels: {},
  network: true,
  privilegesOfPackageManager: false,
  limits: { memory: null, cpus: null, pids: null },
  files: Buffer.from("a tar archive"),
  onOutput: () => {},
};

/** Plays a container that ends when its input does. @param wait what is told at its end */
function playContainer(wait: object = { StatusCode: 0, Error: null }): void {
  let ended = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const noting =
    (what: string, status: number, body = ""): Parameters<FakeDaemon["on"]>[1] =>
    (response) => {
      order.push(what);
      response.writeHead(status).end(body);
    };
  daemon
    .on("POST /volumes/create", noting("volume", 201, '{"Name":"kept"}'))
    .on("POST /containers/create", noting("create", 201, '{"Id":"c1"}'))
    .on("PUT /containers/c1/archive", noting("files", 200))
    .on("POST /containers/c1/start", noting("start", 204))
    .on("POST /containers/c1/wait", async (response) => {
      response.writeHead(200).flushHeaders();
      await end;
      response.end(JSON.stringify(wait));
    })
    .onUpgrade("/containers/c1/attach", (socket) => {
      order.push("attach");
      socket.write(switching);
      socket.on("data", (data) => socket.write(frame(1, data)));
      socket.on("end", () => socket.end(ended));
    });
}

const seen = (path: string) => daemon.seen.find((one) => one.path === path);

describe("images", () => {
  test("have names without the registry that it adds, ids as elsewhere, and labels as they were given", async () => {
    const labels = {
      plain: "debian12",
      packages: `base64:${Buffer.from('["gcc","größe"]').toString("base64")}`,
    };
    const answer = { Id: id, RepoTags: ["a.test/nix-voyager/environment:1", "localhost/nix-voyager/base:1"] };
    daemon.on("GET /images/json", json([{ ...answer, Created: 1, Size: 1, Labels: labels }]));
    const [image] = await engine.images("k");
    expect(image).toMatchObject({
      id: `sha256:${id}`,
      tags: ["nix-voyager/environment:1", "nix-voyager/base:1"],
      labels: { plain: "debian12", packages: '["gcc","größe"]' },
    });
  });

  test("are imported with a label in each line, and have an id as elsewhere", async () => {
    daemon.on("POST /images/create", json({ status: id, progress: "", id }));
    expect(await engine.importImage(Readable.from(["tar"]), { a: "b", c: "d e" })).toBe(`sha256:${id}`);
    const query = new URLSearchParams(daemon.seen[0]?.search);
    expect(query.getAll("changes")).toEqual(["LABEL a=b", "LABEL c=base64:ZCBl"]);
  });

  test("are pulled when it says so, and not when it says why not", async () => {
    const progress = { status: "Pulling fs layer", progressDetail: {}, id: "a" };
    daemon.on(
      "POST /images/create",
      pieces([JSON.stringify(progress), '\n{"status":"Download complete"}\n']),
    );
    await engine.pull("debian:12");
    daemon.on("POST /images/create", pieces([JSON.stringify(progress), "\n"]));
    expect(await thrownBy(engine.pull("debian:12"))).toMatchObject({ what: "pulling debian:12 failed" });
  });

  test("get another name, which it answers with an empty line", async () => {
    daemon.on("POST /images/a:1/tag", (response) => response.writeHead(201).end("\n"));
    await engine.tagImage("a:1", "b:2");
  });
});

describe("containers", () => {
  test("have their volumes made first, and their files put before they are attached to", async () => {
    playContainer();
    const container = await engine.start(request);
    container.lifeline.end();
    expect(await container.exit).toBe(0);
    expect(order).toEqual(["volume", "create", "files", "attach", "start"]);
    expect(JSON.parse(seen("/volumes/create")?.body ?? "")).toEqual({
      Name: "kept",
      Labels: { kind: "packages" },
    });
    const body = { StopSignal: "SIGKILL", HostConfig: { NetworkMode: "private" } };
    expect(JSON.parse(seen("/containers/create")?.body ?? "")).toMatchObject(body);
    expect(seen("/containers/c1/attach")?.query).toMatchObject({ detachKeys: "" });
  });

  test("end with an error where it does not know their status", async () => {
    playContainer({ StatusCode: -1, Error: null });
    const container = await engine.start(request);
    container.lifeline.end();
    expect(await thrownBy(container.exit)).toMatchObject({
      kind: "engine",
      details: { why: "the engine gave no exit status" },
    });
  });

  test("have ended with its own event", async () => {
    playContainer();
    daemon.on("GET /events", pieces(['{"status":"die","Action":"died"}\n']));
    const container = await engine.start(request);
    const ended = container.whenEnded();
    container.lifeline.end();
    await ended;
  });

  test("become images with labels in lines, and an id as elsewhere", async () => {
    playContainer();
    daemon.on("POST /commit", json({ Id: id }, 201));
    const container = await engine.start(request);
    expect(await container.commit({ tag: "env:1", labels: { a: "b", list: '["x"]' } })).toBe(`sha256:${id}`);
    const changes = new URLSearchParams(seen("/commit")?.search).getAll("changes");
    expect(changes).toEqual(["LABEL a=b", `LABEL list=base64:${Buffer.from('["x"]').toString("base64")}`]);
    container.lifeline.end();
  });

  test("cannot be asked whether they met the memory limit", async () => {
    playContainer();
    const container = await engine.start(request);
    expect(await container.outOfMemory()).toBe(false);
    expect(seen("/events")).toBeUndefined();
    container.lifeline.end();
  });

  test.each([
    [{ Rootless: true, CgroupVersion: "1" }, true],
    [{ CgroupDriver: "none" }, true], // as rootless Docker tells it
    [{ Rootless: true, CgroupVersion: "2" }, false],
  ])("tell where limits are not kept: %j", async (info, isTold) => {
    playContainer();
    daemon.on("GET /info", json(info));
    const warnings: string[] = [];
    const onWarning = (text: string) => warnings.push(text);
    const limits = { memory: 1e8, cpus: null, pids: null };
    const container = await engine.start({ ...request, limits, onWarning });
    expect(warnings.length > 0).toBe(isTold);
    container.lifeline.end();
  });
});

describe("refusals", () => {
  const bound = { ...request, volumes: [], mounts: [{ source: "/gone", target: "/x", readOnly: true }] };

  test("a name that is taken", async () => {
    const reason = `container create: creating container storage: the container name "lock" is already in use by ${id}`;
    daemon.on("POST /containers/create", refusal(500, reason));
    expect(await thrownBy(engine.start({ ...request, volumes: [] }))).toBeInstanceOf(NameTaken);
  });

  test.each([
    "container create: statfs /gone: no such file or directory",
    "make cli opts(): making volume mountpoint for volume /gone: mkdir /gone: permission denied",
  ])("a mount that the host does not have: %s", async (reason) => {
    daemon.on("POST /containers/create", refusal(500, reason));
    expect(await thrownBy(engine.start(bound))).toBeInstanceOf(MountSourceMissing);
  });

  test("a mount for which it has made a folder, where a file should be", async () => {
    playContainer();
    daemon.on("DELETE /containers/c1", (response) => response.writeHead(204).end());
    const reason = "preparing container c1 for attach: unable to find user 0: read /gone: is a directory";
    const text = JSON.stringify({ message: reason });
    const head = `HTTP/1.1 409 Conflict\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`;
    daemon.onUpgrade("/containers/c1/attach", (socket) => socket.end(head + text));
    expect(await thrownBy(engine.start(bound))).toBeInstanceOf(MountSourceMissing);
    expect(await thrownBy(engine.start({ ...bound, mounts: [] }))).toMatchObject({
      details: { why: reason },
    });
  });

  test("one that goes while it is looked at is not there", async () => {
    daemon.on(
      "GET /containers/lock/json",
      refusal(500, `container ${id} does not exist in database: no such container`),
    );
    expect(await engine.containerState("lock")).toBeNull();
  });

  test("one that ends by itself while it is removed is removed in the end", async () => {
    const reasons = ["as it could not be stopped: container state improper: stopped", "no such container"];
    daemon.on("DELETE /containers/lock", (response, all) =>
      refusal(500, reasons.shift() ?? "asked again")(response, all),
    );
    await engine.removeContainer("lock");
    expect(reasons).toEqual([]);
  });
});
