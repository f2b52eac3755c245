import { chmodSync, linkSync } from "node:fs";
import { createServer as createTcpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { FakeDaemon, json, pieces, refusal, switching } from "../../../testing/fake-daemon.ts";
import { temporaryFolders } from "../../../testing/folders.ts";
import { thrownBy } from "../../../testing/logs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { Connection, EngineRefusal, readWhole } from "./connection.ts";

const folder = temporaryFolders();
let daemon: FakeDaemon;
let connection: Connection;
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  connection = new Connection(daemon.address);
});
afterEach(() => daemon.close());

test("query, body and answer", async () => {
  daemon.on("POST /things", json({ Id: "a" }, 201));
  const query = { name: "two words & more", force: true, count: 3 };
  const answer = await connection.json({ method: "POST", path: "/things", query, body: { Name: "ä" } });
  expect(answer).toEqual({ Id: "a" });
  expect(daemon.seen[0]).toMatchObject({
    query: { name: "two words & more", force: "true", count: "3" },
    headers: { "content-type": "application/json" },
    body: '{"Name":"ä"}',
  });
});

test("an empty answer is undefined", async () => {
  daemon.on("POST /start", (response) => response.writeHead(204).end());
  expect(await connection.json({ method: "POST", path: "/start" })).toBeUndefined();
  daemon.on("POST /start", (response) => response.writeHead(304).end());
  expect(await connection.json({ method: "POST", path: "/start" })).toBeUndefined();
});

test("a stream is there as soon as its headers are", async () => {
  daemon.on("POST /wait", (response) => {
    response.writeHead(200).flushHeaders();
    setTimeout(() => response.end("later"), 50);
  });
  const stream = await connection.open({ method: "POST", path: "/wait" });
  expect(await readWhole(stream)).toBe("later");
});

test("a tar stream is sent as it comes", async () => {
  daemon.on("POST /load", json({}));
  await connection.json({ method: "POST", path: "/load", stream: Readable.from(["one ", "two"]) });
  expect(daemon.seen[0]).toMatchObject({ body: "one two", headers: { "content-type": "application/tar" } });
});

test("a tar stream that breaks off breaks the request", async () => {
  daemon.on("POST /load", json({}));
  const tar = new Readable({ read() {} });
  tar.push("half");
  setTimeout(() => tar.destroy(new Error("the maker failed")), 20);
  const error = await thrownBy<VoyagerError>(connection.json({ method: "POST", path: "/load", stream: tar }));
  expect(error).toMatchObject({ kind: "engine", details: { why: "the maker failed" } });
});

test("two-way: what is sent, what comes back, and bytes that came with the 101", async () => {
  daemon.onUpgrade("/attach", (socket) => {
    socket.write(`${switching}early `);
    socket.on("data", (data) => socket.write(`got ${data}`));
    socket.on("end", () => socket.end(" end"));
  });
  const stream = await connection.hijack({ method: "POST", path: "/attach" });
  stream.end("ping");
  expect(await readWhole(stream)).toBe("early got ping end");
});

test("an error status is a refusal with the engine's words", async () => {
  daemon.on("GET /images/x/json", refusal(404, "No such image: x - or - y"));
  const error = await thrownBy<EngineRefusal>(connection.json({ method: "GET", path: "/images/x/json" }));
  expect(error).toBeInstanceOf(EngineRefusal);
  expect(error).toMatchObject({ status: 404, reason: "No such image: x - or - y" });
  const hijack = thrownBy<EngineRefusal>(connection.hijack({ method: "POST", path: "/attach" }));
  expect(await hijack).toMatchObject({ status: 404, reason: "not here" });
});

test("a refusal that is no JSON keeps its words", async () => {
  daemon.on("GET /info", (response) => response.writeHead(502).end("Bad Gateway"));
  const error = await thrownBy(connection.json({ method: "GET", path: "/info" }));
  expect(error).toMatchObject({ status: 502, reason: "Bad Gateway" });
});

test("no socket", async () => {
  const missing = new Connection(`unix://${folder()}/engine.sock`);
  const error = await thrownBy<VoyagerError>(missing.json({ method: "GET", path: "/info" }));
  expect(error.kind).toBe("engine-unavailable");
  expect(error.what).toBe(`no engine answers at ${missing.address}`);
  expect(error.details.why).toContain("ENOENT");
  expect(error.details.remedy).toContain("start the engine");
});

test("a socket that nobody listens at", async () => {
  // Closing would remove the socket, so its name is kept as a second link.
  linkSync(daemon.socket, `${daemon.folder}/stale.sock`);
  const stale = new Connection(`unix://${daemon.folder}/stale.sock`);
  daemon.stopListening();
  const error = await thrownBy<VoyagerError>(stale.json({ method: "GET", path: "/info" }));
  expect(error).toMatchObject({ kind: "engine-unavailable", what: `no engine answers at ${stale.address}` });
  expect(error.details.why).toContain("ECONNREFUSED");
});

test("a socket that we may not write to", async () => {
  chmodSync(daemon.socket, 0o000);
  const isRoot = process.geteuid?.() === 0; // root may write to any
  if (isRoot) process.seteuid?.(65534);
  try {
    const error = await thrownBy<VoyagerError>(connection.json({ method: "GET", path: "/info" }));
    expect(error.kind).toBe("engine-unavailable");
    expect(error.what).toBe(`permission denied at ${daemon.address}`);
    expect(error.details.remedy).toMatch(/group must be nixbld[\s\S]*voyager doctor/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("an engine that hangs up before it answers", async () => {
  daemon.on("GET /info", (response) => response.socket?.destroy());
  const error = await thrownBy<VoyagerError>(connection.json({ method: "GET", path: "/info" }));
  expect(error).toMatchObject({ kind: "engine", what: "the engine broke off GET /info" });
  expect(error.details.remedy).toBe("look at the engine's own log");
});

test("an answer that is broken off", async () => {
  daemon.on("GET /info", pieces(['{"Name":'], "break"));
  const error = await thrownBy<VoyagerError>(connection.json({ method: "GET", path: "/info" }));
  expect(error).toMatchObject({ kind: "engine", what: "the engine broke off GET /info" });
});

test("an answer that is not JSON", async () => {
  daemon.on("GET /info", pieces(["<html>"]));
  const error = await thrownBy<VoyagerError>(connection.json({ method: "GET", path: "/info" }));
  expect(error.kind).toBe("engine");
  expect(error.details.why).toContain("answer is not JSON");
});

test("over TCP", async () => {
  const server = createTcpServer((request, response) => response.end(JSON.stringify(request.url)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const tcp = new Connection(`tcp://127.0.0.1:${port}`);
  expect(await tcp.json({ method: "GET", path: "/info", query: { a: "b" } })).toBe("/info?a=b");
  server.closeAllConnections();
  server.close();
});

test.each(["nonsense", "ssh://host", "unix:/one-slash"])("%s is no address", async (address) => {
  const error = await thrownBy<VoyagerError>(() => new Connection(address));
  expect(error).toMatchObject({ kind: "usage", what: `'${address}' is not the address of an engine` });
  expect(error.details.remedy).toContain("unix:///");
});
