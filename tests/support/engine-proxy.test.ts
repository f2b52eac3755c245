import { join } from "node:path";
import { Connection, readWhole } from "../../helper/src/engine/docker/connection.ts";
import { FakeDaemon, json, switching } from "../../helper/testing/fake-daemon.ts";
import { temporaryFolders } from "../../helper/testing/folders.ts";
import { EngineProxy } from "./engine-proxy.ts";

const folder = temporaryFolders();
let daemon: FakeDaemon;
let proxy: EngineProxy;
let connection: Connection;
beforeEach(async () => {
  daemon = await new FakeDaemon().listen();
  proxy = await EngineProxy.start(join(folder(), "proxy.sock"), { engine: daemon.socket });
  connection = new Connection(`unix://${proxy.socket}`);
});
afterEach(async () => {
  await proxy.stop();
  daemon.close();
});

test("a request and its answer pass, and are recorded", async () => {
  daemon.on("POST /things", json({ Id: "a" }, 201));
  const body = { Name: "b" };
  const answer = await connection.json({ method: "POST", path: "/things", query: { force: true }, body });
  expect(answer).toEqual({ Id: "a" });
  expect(daemon.seen[0]).toMatchObject({ query: { force: "true" }, body: JSON.stringify(body) });
  const [recorded] = proxy.requests;
  expect(recorded).toMatchObject({
    method: "POST",
    path: "/things",
    query: { force: "true" },
    status: 201,
    connection: 1,
    bytesIn: JSON.stringify(body).length,
    bytesOut: '{"Id":"a"}'.length,
  });
  expect(recorded?.endedAt).toBeGreaterThanOrEqual(recorded?.startedAt ?? Number.POSITIVE_INFINITY);
});

test("the head of an answer passes before its end", async () => {
  let end = () => {};
  daemon.on("POST /wait", (response) => {
    response.writeHead(200).flushHeaders();
    end = () => response.end("done");
  });
  const stream = await connection.open({ method: "POST", path: "/wait" });
  expect(proxy.requests[0]).toMatchObject({ status: 200, endedAt: null });
  end();
  expect(await readWhole(stream)).toBe("done");
  expect(proxy.requests[0]?.endedAt).not.toBeNull();
});

test("a hijacked connection: both ways, each with its own end", async () => {
  daemon.onUpgrade("/attach", (socket) => {
    socket.write(`${switching}early `);
    socket.on("data", (data) => socket.write(`got ${data}`));
    socket.on("end", () => socket.end(" end"));
  });
  const stream = await connection.hijack({ method: "POST", path: "/attach" });
  stream.end("ping");
  expect(await readWhole(stream)).toBe("early got ping end");
  expect(proxy.requests).toEqual([
    expect.objectContaining({ path: "/attach", status: 101, bytesOut: "early got ping end".length }),
  ]);
});

test("who hangs up has hung up on the engine, too", async () => {
  const attached = new Promise((resolve) => {
    daemon.onUpgrade("/attach", (socket) => {
      socket.write(switching);
      socket.on("end", resolve).resume();
    });
  });
  const waiting = new Promise((resolve) => {
    daemon.on("POST /wait", (response) => response.on("close", resolve).writeHead(200).flushHeaders());
  });
  const streams = [
    await connection.hijack({ method: "POST", path: "/attach" }),
    await connection.open({ method: "POST", path: "/wait" }),
  ];
  for (const stream of streams) stream.on("error", () => {}).destroy();
  await Promise.all([attached, waiting]);
});
