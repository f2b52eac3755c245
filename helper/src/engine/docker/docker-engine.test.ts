import { Readable } from "node:stream";
import { FakeDaemon, json, pieces, refusal } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { DockerEngine } from "./docker-engine.ts";

let daemon: FakeDaemon;
let engine: DockerEngine;
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  engine = new DockerEngine(daemon.address);
});
afterEach(() => daemon.close());

describe("images", () => {
  test("one that is there", async () => {
    daemon.on(
      "GET /images/debian:12/json",
      json({
        Id: "sha256:1",
        RepoTags: ["debian:12", "<none>:<none>"],
        Created: "2024-01-02T03:04:05Z",
        Size: 7,
        Config: { Labels: { a: "b" } },
      }),
    );
    expect(await engine.image("debian:12")).toEqual({
      id: "sha256:1",
      tags: ["debian:12"],
      labels: { a: "b" },
      created: new Date("2024-01-02T03:04:05Z"),
      size: 7,
    });
  });

  test("one that is not there is null", async () => {
    daemon.on("GET /images/debian:12/json", refusal(404, "No such image: debian:12"));
    expect(await engine.image("debian:12")).toBeNull();
  });

  test("another refusal is an error that says what was done", async () => {
    daemon.on("GET /images/debian:12/json", refusal(500, "layer does not exist"));
    expect(await thrownBy(engine.image("debian:12"))).toMatchObject({
      kind: "engine",
      what: "the engine refused: inspecting image debian:12",
      details: { why: "layer does not exist" },
    });
  });

  test("those with a label", async () => {
    daemon.on(
      "GET /images/json",
      json([{ Id: "sha256:1", RepoTags: null, Created: 1700000000, Size: 1, Labels: null }]),
    );
    const images = await engine.images("k=v");
    expect(images).toEqual([
      { id: "sha256:1", tags: [], labels: {}, created: new Date(1700000000_000), size: 1 },
    ]);
    expect(daemon.seen[0]?.query).toEqual({ filters: '{"label":["k=v"]}' });
  });

  test("removing: done, already gone, in use, refused", async () => {
    const removing = (status: number, words = "words") => {
      daemon.on("DELETE /images/x:1", status === 200 ? json([]) : refusal(status, words));
      return engine.removeImage("x:1");
    };
    expect(await removing(200)).toBe(true);
    expect(await removing(404)).toBe(true);
    expect(await removing(500, "unrecognized image ID sha256:1")).toBe(true); // another removed it just then
    expect(await removing(409)).toBe(false);
    expect(await thrownBy(removing(500))).toMatchObject({ kind: "engine" });
  });
});

describe("pulling", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  test.each([
    ["debian:12", { fromImage: "debian", tag: "12" }],
    ["debian", { fromImage: "debian", tag: "latest" }],
    ["example.org:5000/debian", { fromImage: "example.org:5000/debian", tag: "latest" }],
    ["example.org:5000/debian:12", { fromImage: "example.org:5000/debian", tag: "12" }],
    [`debian@${digest}`, { fromImage: `debian@${digest}`, tag: "" }],
    [`debian:12@${digest}`, { fromImage: `debian:12@${digest}`, tag: "" }],
  ])("%s", async (reference, query) => {
    daemon.on("POST /images/create", json({ status: "Status: Downloaded newer image" }));
    await engine.pull(reference);
    expect(daemon.seen[0]?.query).toEqual(query);
  });

  test("an error inside of status 200", async () => {
    const messages = ['{"status":"Pulling"}\r\n', '{"error":"manifest unknown"}\r\n'];
    daemon.on("POST /images/create", pieces(messages));
    expect(await thrownBy(engine.pull("debian:99"))).toMatchObject({
      kind: "engine",
      what: "pulling debian:99 failed",
      details: { why: "manifest unknown" },
    });
  });

  test("a stream that ends early", async () => {
    daemon.on("POST /images/create", json({ status: "Pulling" }));
    const error = await thrownBy<VoyagerError>(engine.pull("debian:12"));
    expect(error.details.why).toContain("ended before it said that it was done");
  });

  test("a stream that breaks off", async () => {
    daemon.on("POST /images/create", pieces(['{"status":"Pulling"}\r\n'], "break"));
    expect(await thrownBy(engine.pull("debian:12"))).toMatchObject({ kind: "engine" });
  });

  test("a name split within a character", async () => {
    const message = Buffer.from('{"error":"größe"}\n');
    const cut = message.indexOf(0xc3) + 1;
    daemon.on("POST /images/create", pieces([message.subarray(0, cut), message.subarray(cut)]));
    expect((await thrownBy<VoyagerError>(engine.pull("x"))).details.why).toBe("größe");
  });
});

test("importing: the stream, no name, and labels that need quotes", async () => {
  daemon.on("POST /images/create", json({ status: "sha256:1" }));
  expect(await engine.importImage(Readable.from(["tar"]), { a: 'say "hi" there' })).toBe("sha256:1");
  expect(daemon.seen[0]).toMatchObject({
    body: "tar",
    query: { fromSrc: "-", message: "nix-voyager", changes: 'LABEL "a"="say \\"hi\\" there"' },
  });
});

describe("archives of images", () => {
  const read = async (archive: Promise<Readable>) =>
    Buffer.concat(await (await archive).toArray()).toString();

  test("saved: each by its name", async () => {
    daemon.on("GET /images/get", pieces(["an ", "archive"]));
    expect(await read(engine.saveImages(["a:1", "b:2"]))).toBe("an archive");
    expect(daemon.seen[0]?.search).toBe("?names=a%3A1&names=b%3A2");
  });

  test("one that breaks off, and an image that is not there", async () => {
    daemon.on("GET /images/get", pieces(["an "], "break"));
    const what = "saving a:1 failed";
    expect(await thrownBy(read(engine.saveImages(["a:1"])))).toMatchObject({ kind: "engine", what });
    daemon.on("GET /images/get", refusal(404, "No such image: a:1"));
    expect(await thrownBy(engine.saveImages(["a:1"]))).toMatchObject({
      what: "the engine refused: saving a:1",
      details: { why: "No such image: a:1" },
    });
  });

  test("loaded: only what the engine says it has loaded counts", async () => {
    daemon.on("POST /images/load", json({ stream: "Loaded image: a:1\n" }));
    await engine.loadImages(Readable.from(["an archive"]));
    expect(daemon.seen[0]).toMatchObject({ body: "an archive", query: { quiet: "true" } });
    daemon.on("POST /images/load", json({ stream: "Loading layer\n" }));
    const early = await thrownBy<VoyagerError>(engine.loadImages(Readable.from(["an archive"])));
    expect(early.details.why).toContain("ended before it said that it was done");
    daemon.on("POST /images/load", pieces(['{"errorDetail":{},"error":"unexpected EOF"}\n']));
    expect(await thrownBy(engine.loadImages(Readable.from(["an"])))).toMatchObject({
      what: "loading images failed",
      details: { why: "unexpected EOF" },
    });
  });

  test("loaded: one that fails on its way is cut off, not ended", async () => {
    daemon.on("POST /images/load", json({ stream: "Loaded image: a:1\n" }));
    const failing = async function* () {
      yield Buffer.from("an arch");
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error("disk");
    };
    const error = await thrownBy<VoyagerError>(engine.loadImages(Readable.from(failing())));
    expect(error.details.why).toBe("disk");
    expect(daemon.seen).toEqual([]); // no request that is whole
  });
});

test("a full disk has its remedy", async () => {
  daemon.on("POST /images/create", refusal(500, "write /layer: no space left on device"));
  const error = await thrownBy<VoyagerError>(engine.importImage(Readable.from(["tar"]), {}));
  expect(error.details.remedy).toContain("voyager environment prune");
});

test("what the engine says of itself", async () => {
  const time = "2024-01-02T03:04:05.123456789Z";
  const info = {
    Name: "host",
    ServerVersion: "20.10.24",
    SystemTime: time,
    DockerRootDir: "/var/lib/docker",
  };
  daemon.on("GET /info", json(info));
  expect(await engine.info()).toEqual({
    name: "host",
    version: "20.10.24",
    time: new Date("2024-01-02T03:04:05.123Z"),
    dataFolder: "/var/lib/docker",
  });
  daemon.on("GET /info", json({}));
  expect(await engine.info()).toEqual({ name: "unnamed", version: "unknown", time: null, dataFolder: null });
});

describe("containers by name", () => {
  test("names of those with a label", async () => {
    daemon.on(
      "GET /containers/json",
      json([
        { Id: "1", Names: ["/one"] },
        { Id: "2", Names: null },
        { Id: "3", Names: ["/two"] },
      ]),
    );
    const containers = await engine.containers("k");
    expect(containers.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(daemon.seen[0]?.query).toEqual({ all: "true", filters: '{"label":["k"]}' });
  });

  test("one that is gone is not waited for", async () => {
    daemon.on("POST /containers/one/wait", refusal(404, "No such container: one"));
    await engine.whenGone("one", 60_000);
    expect(daemon.seen[0]?.query).toEqual({ condition: "removed" });
  });

  test("one that goes ends the wait", async () => {
    daemon.on("POST /containers/one/wait", pieces(['{"StatusCode":0}']));
    await engine.whenGone("one", 60_000);
  });

  test("one that stays is waited for no longer than was said", async () => {
    daemon.on("POST /containers/one/wait", (response) => {
      response.writeHead(200).flushHeaders();
    });
    await engine.whenGone("one", 20);
  });

  test("an engine that breaks off ends the wait", async () => {
    daemon.on("POST /containers/one/wait", pieces(["{"], "break"));
    await engine.whenGone("one", 60_000);
  });

  test("another refusal is an error", async () => {
    daemon.on("POST /containers/one/wait", refusal(500, "no"));
    expect(await thrownBy(engine.whenGone("one", 20))).toMatchObject({
      what: "the engine refused: waiting for the end of container one",
    });
  });
});

describe("what may be left", () => {
  const never = "0001-01-01T00:00:00Z";
  const container = (id: string, change: { running?: boolean; finished?: string; autoRemove?: boolean }) =>
    json({
      Id: id,
      Created: "2024-01-02T03:04:05.5Z",
      State: { Running: change.running ?? false, FinishedAt: change.finished ?? never },
      Config: { Labels: { k: "build" } },
      HostConfig: { AutoRemove: change.autoRemove ?? true },
    });

  test("containers that never started or have ended; none that somebody else made of our images", async () => {
    const finished = "2024-01-02T04:00:00Z";
    daemon
      .on("GET /containers/json", json(["a", "b", "c", "d", "e"].map((Id) => ({ Id }))))
      .on("GET /containers/a/json", container("a", {}))
      .on("GET /containers/b/json", container("b", { finished }))
      .on("GET /containers/c/json", container("c", { running: true }))
      .on("GET /containers/d/json", container("d", { autoRemove: false }))
      .on("GET /containers/e/json", refusal(404, "No such container: e"));
    expect(await engine.idleContainers("k")).toEqual([
      { id: "a", labels: { k: "build" }, since: new Date("2024-01-02T03:04:05.5Z") },
      { id: "b", labels: { k: "build" }, since: new Date(finished) },
    ]);
    const filters = { label: ["k"], status: ["created", "exited", "dead"] };
    expect(daemon.seen[0]?.query).toEqual({ all: "true", filters: JSON.stringify(filters) });
  });

  test("images without a name, of those that we have made", async () => {
    const image = (Id: string, Comment: string) =>
      json({ Id, RepoTags: [], Created: "2024-01-02T03:04:05Z", Size: 1, Config: { Labels: null }, Comment });
    daemon
      .on("GET /images/json", json([{ Id: "sha256:1" }, { Id: "sha256:2" }, { Id: "sha256:3" }]))
      .on("GET /images/sha256:1/json", image("sha256:1", "nix-voyager"))
      .on("GET /images/sha256:2/json", image("sha256:2", ""))
      .on("GET /images/sha256:3/json", refusal(404, "No such image: sha256:3"));
    expect((await engine.unnamedImages("k")).map(({ id }) => id)).toEqual(["sha256:1"]);
    expect(daemon.seen[0]?.query).toEqual({ filters: '{"label":["k"],"dangling":["true"]}' });
  });
});
