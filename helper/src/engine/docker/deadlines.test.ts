/** Requests that are not answered, and answers that make no sense. */
import * as v from "valibot";
import { FakeDaemon, json, pieces, switching } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { Connection, readWhole } from "./connection.ts";

const answerTimeout = 100;
let daemon: FakeDaemon;
let connection: Connection;
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  connection = new Connection(daemon.address, () => {}, answerTimeout);
});
afterEach(() => daemon.close());

const late = (what: string) => ({ kind: "engine", what: `the engine did not answer ${what} within 0.1 s` });

test("one that is never answered", async () => {
  daemon.on("GET /info", () => {});
  const error = await thrownBy<VoyagerError>(connection.json({ method: "GET", path: "/info" }));
  expect(error).toMatchObject(late("GET /info"));
  expect(error.details.remedy).toContain("answerTimeout");
  daemon.onUpgrade("/attach", () => {});
  expect(await thrownBy(connection.hijack({ method: "POST", path: "/attach" }))).toMatchObject(
    late("POST /attach"),
  );
});

test("an answer that stops in its middle, a refusal's too", async () => {
  for (const status of [200, 500]) {
    daemon.on("GET /info", (response) => {
      response.writeHead(status).write('{"message":');
    });
    expect(await thrownBy(connection.json({ method: "GET", path: "/info" }))).toMatchObject(
      late("GET /info"),
    );
  }
});

test("a stream has a deadline for its beginning alone", async () => {
  daemon.on("POST /wait", (response) => {
    response.writeHead(200).flushHeaders();
    setTimeout(() => response.end("later"), 2 * answerTimeout);
  });
  expect(await readWhole(await connection.open({ method: "POST", path: "/wait" }))).toBe("later");
});

describe("what takes its time", () => {
  const commit = { method: "POST", path: "/commit", lasts: true } as const;
  const pings = () => daemon.seen.filter(({ path }) => path === "/_ping").length;
  const slowly = () =>
    daemon.on("POST /commit", (response) => {
      setTimeout(() => json({ Id: "a" })(response, {} as never), 3 * answerTimeout);
    });

  test("has no deadline while the engine answers others, be it that it refuses", async () => {
    slowly().on("GET /_ping", pieces(["OK"]));
    expect(await connection.json(commit)).toEqual({ Id: "a" });
    expect(pings()).toBeGreaterThan(1);
    daemon.on("GET /_ping", json({ message: "not allowed" }, 403));
    expect(await connection.json(commit)).toEqual({ Id: "a" });
    const pause = () => new Promise((resolve) => setTimeout(resolve, answerTimeout));
    await pause(); // one may have been under way
    const before = pings();
    await pause();
    expect(pings()).toBe(before);
  });

  test("ends when the engine answers nothing", async () => {
    daemon.on("POST /commit", () => {}).on("GET /_ping", () => {});
    expect(await thrownBy(connection.json(commit))).toMatchObject(late("GET /_ping"));
  });

  test("also after it has begun", async () => {
    daemon.on("GET /_ping", () => {});
    daemon.on("POST /commit", (response) => {
      response.writeHead(200).flushHeaders();
    });
    expect(await thrownBy(connection.json(commit))).toMatchObject(late("GET /_ping"));
  });
});

test("an error under status 200 is told in its words", async () => {
  const schema = v.object({ Id: v.string() });
  for (const answer of [{ message: "lost it" }, { error: "lost it" }]) {
    daemon.on("GET /one", json(answer));
    const error = await thrownBy<VoyagerError>(connection.answer({ method: "GET", path: "/one" }, schema));
    expect(error).toMatchObject({ kind: "engine", what: "the engine's answer to GET /one makes no sense" });
    expect(error.details.why).toContain("it says: lost it");
  }
  daemon.on("GET /one", pieces([]));
  const error = await thrownBy<VoyagerError>(connection.answer({ method: "GET", path: "/one" }, schema));
  expect(error.details.why).toContain("the whole: ");
});

test("what should have been done, and was not", async () => {
  const request = { method: "POST", path: "/start" } as const;
  daemon.on("POST /start", (response) => response.writeHead(204).end());
  await connection.done(request, 204, 304);
  daemon.on("POST /start", json({ message: "lost it" }));
  const told = await thrownBy<VoyagerError>(connection.done(request, 204, 304));
  expect(told.details.why).toContain("lost it");
  daemon.on("POST /start", pieces([]));
  const silent = await thrownBy<VoyagerError>(connection.done(request, 204, 304));
  expect(silent.details.why).toBe("it has status 200, not 204 or 304");
});

test("a connection that is not handed over", async () => {
  daemon.onUpgrade("/attach", (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"error":"lost it"}');
  });
  const error = await thrownBy<VoyagerError>(connection.hijack({ method: "POST", path: "/attach" }));
  expect(error.details.why).toContain("it did not hand over the connection");
  expect(error.details.why).toContain("lost it");
});

test("the first bytes of a connection that is handed over are not lost", async () => {
  daemon.onUpgrade("/attach", (socket) => socket.end(`${switching}early`));
  expect(await readWhole(await connection.hijack({ method: "POST", path: "/attach" }))).toBe("early");
});
