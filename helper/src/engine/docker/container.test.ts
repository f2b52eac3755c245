import { PassThrough, Readable } from "node:stream";
import { type FakeDaemon, frame, json, pieces, refusal, switching } from "../../../testing/fake-daemon.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { runningContainer } from "../../../testing/running-container.ts";
import { VoyagerError } from "../../common/errors.ts";
import type { ExecRequest } from "../engine.ts";
import { type DockerContainer, deliverOutput } from "./container.ts";

describe("delivering output", () => {
  test("until the stream ends", async () => {
    let text = "";
    await deliverOutput(Readable.from([frame(1, "one"), frame(2, "two")]), (stream, data) => {
      text += `${stream}:${data} `;
    });
    expect(text).toBe("1:one 2:two ");
  });

  test("a half frame at the end", async () => {
    const half = Readable.from([frame(1, "whole"), frame(1, "half").subarray(0, 9)]);
    await expect(deliverOutput(half, () => {})).rejects.toThrow("in the middle of a frame");
  });

  test("a stream that is closed without an end", async () => {
    const stream = new PassThrough();
    const delivered = deliverOutput(stream, () => {});
    stream.write(frame(1, "whole"));
    setImmediate(() => stream.destroy());
    await expect(delivered).rejects.toThrow("the engine closed the output stream");
  });

  test("a stream that breaks", async () => {
    const stream = new PassThrough();
    const delivered = deliverOutput(stream, () => {});
    stream.destroy(new Error("connection reset"));
    await expect(delivered).rejects.toThrow("connection reset");
  });

  test("a receiver that refuses ends the stream", async () => {
    const stream = new PassThrough();
    const delivered = deliverOutput(stream, () => {
      throw new VoyagerError("output", "a device node");
    });
    stream.write(frame(1, "x"));
    await expect(delivered).rejects.toThrow("a device node");
    expect(stream.destroyed).toBe(true);
  });
});

describe("a running container", () => {
  let daemon: FakeDaemon;
  let attached: PassThrough;
  let waiting: PassThrough;
  let container: DockerContainer;
  beforeEach(async () => {
    ({ daemon, attached, waiting, container } = await runningContainer());
  });
  afterEach(() => daemon.close());

  test("its status comes after its output", async () => {
    let ended = false;
    container.exit.then(() => {
      ended = true;
    });
    waiting.end('{"StatusCode":3}');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toBe(false);
    attached.end();
    expect(await container.exit).toBe(3);
  });

  /** What is expected to settle has longer: the machine may have much to do. */
  const settled = async (promise: Promise<unknown>, milliseconds = 20) => {
    const pause = new Promise((resolve) => setTimeout(resolve, milliseconds, "not yet"));
    return (await Promise.race([promise.then(() => "settled"), pause])) === "settled";
  };

  const death = '{"Action":"die","Actor":{"Attributes":{"exitCode":"0","label":"größe"}}}\n';

  test("it has ended with its output and the event of its death, before its status is told", async () => {
    const event = Buffer.from(death);
    const cut = event.indexOf(0xc3) + 1;
    const hungUp = new Promise((resolve) => {
      daemon.on("GET /events", (response) => {
        response.on("close", resolve).write(event.subarray(0, cut));
        setTimeout(() => response.write(event.subarray(cut)), 5);
      });
    });
    const ended = container.whenEnded();
    expect(await settled(ended)).toBe(false);
    attached.end();
    expect(await settled(ended, 5000)).toBe(true);
    await hungUp;
    const filters = { container: ["c1"], event: ["die", "died"] };
    expect(JSON.parse(daemon.seen[0]?.query.filters ?? "")).toEqual(filters);
    expect(await settled(container.exit)).toBe(false);
    waiting.end('{"StatusCode":137}');
    expect(await container.exit).toBe(137);
  });

  test.each([
    ["another event", pieces(['{"Action":"stop"}\n'])],
    ["no JSON", pieces(["<html>\n"])],
    ["half an event", pieces([death.slice(0, -1)], "break")],
    ["nothing", pieces([])],
    ["a refusal", refusal(500, "no events")],
  ])("%s instead of the event: it has ended when its status is told", async (_name, answer) => {
    daemon.on("GET /events", answer);
    attached.end();
    const ended = container.whenEnded();
    expect(await settled(ended)).toBe(false);
    waiting.end('{"StatusCode":3}');
    expect(await settled(ended)).toBe(true);
  });

  test("a connection that is lost is no end", async () => {
    daemon.on("GET /events", pieces([death]));
    attached.destroy(new Error("connection reset"));
    expect(await thrownBy(container.whenEnded())).toMatchObject({
      kind: "engine",
      what: "the connection to the running container was lost",
    });
  });

  test.each([
    ["an answer that is cut off", "", /JSON/],
    ["no status", "{}", "the engine gave no exit status"],
    ["the engine's own error", '{"StatusCode":0,"Error":{"Message":"lost it"}}', "lost it"],
  ])("%s is no success", async (_name, answer, why) => {
    waiting.end(answer);
    attached.end();
    const error = await thrownBy<VoyagerError>(container.exit);
    expect(error).toMatchObject({ kind: "engine", what: "the connection to the running container was lost" });
    expect(error.details.why).toMatch(why);
  });

  const program = (change: Partial<ExecRequest> = {}): ExecRequest => ({
    command: ["tar", "-x"],
    env: { A: "1" },
    user: "0:0",
    workingDirectory: "/",
    input: null,
    onOutput: () => {},
    ...change,
  });

  /** A program that takes all of its input, prints how much it was, and ends. */
  function playProgram(...states: object[]): void {
    daemon.on("POST /containers/c1/exec", json({ Id: "e1" }, 201));
    daemon.onUpgrade("/exec/e1/start", (socket) => {
      let bytes = 0;
      socket.write(switching);
      socket.on("data", (data) => {
        bytes += data.length;
      });
      socket.on("end", () => socket.end(frame(1, `${bytes} bytes`)));
    });
    daemon.on("GET /exec/e1/json", (response, seen) => {
      json(states.length > 1 ? (states.shift() as object) : (states[0] as object))(response, seen);
    });
  }

  test("a program: input to its end, output, status", async () => {
    playProgram({ Running: false, ExitCode: 5 });
    let output = "";
    const status = await container.exec(
      program({
        input: Readable.from([Buffer.alloc(1e6), Buffer.alloc(5)]),
        onOutput: (_stream, data) => {
          output += data;
        },
      }),
    );
    expect({ status, output }).toEqual({ status: 5, output: "1000005 bytes" });
    const body = JSON.parse(daemon.seen[0]?.body ?? "");
    expect(body).toMatchObject({ AttachStdin: true, Cmd: ["tar", "-x"], Env: ["A=1"], User: "0:0" });
  });

  test("a program without input gets an empty one", async () => {
    playProgram({ Running: false, ExitCode: 0 });
    expect(await container.exec(program())).toBe(0);
  });

  test("its status may come later than its output", async () => {
    const running = { Running: true, ExitCode: null };
    playProgram(running, running, { Running: false, ExitCode: 4 });
    expect(await container.exec(program())).toBe(4);
  });

  test("an error of the receiver stays what it is", async () => {
    playProgram({ Running: true, ExitCode: null });
    const refuse = () => {
      throw new VoyagerError("output", "a device node");
    };
    expect(await thrownBy(container.exec(program({ onOutput: refuse })))).toMatchObject({
      kind: "output",
      what: "a device node",
    });
    const diskFull = () => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    expect(await thrownBy(container.exec(program({ onOutput: diskFull })))).toMatchObject({
      kind: "transfer",
      what: "a disk is full",
    });
  });

  test("an input that breaks is an error", async () => {
    playProgram({ Running: true, ExitCode: null });
    const input = new Readable({ read() {} });
    input.push("half");
    setTimeout(() => input.destroy(new Error("cannot read the file")), 20);
    const error = await thrownBy<VoyagerError>(container.exec(program({ input })));
    expect(error).toBeInstanceOf(VoyagerError);
    expect(error.details.why).toBe("cannot read the file");
  });

  test("a program that ends before it has read its input: its own status", async () => {
    playProgram({ Running: false, ExitCode: 2 });
    daemon.onUpgrade("/exec/e1/start", (socket) => {
      socket.write(switching);
      socket.once("data", () => socket.destroy());
    });
    const input = Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(100_000)));
    expect(await container.exec(program({ input }))).toBe(2);
  });

  test("a connection that is lost is no success, even if the program went on to one", async () => {
    playProgram({ Running: false, ExitCode: 0 });
    daemon.onUpgrade("/exec/e1/start", (socket) => {
      socket.write(Buffer.concat([Buffer.from(switching), frame(1, "half").subarray(0, 9)]), () =>
        socket.destroy(),
      );
    });
    expect(await thrownBy(container.exec(program()))).toMatchObject({
      kind: "engine",
      what: "the connection to the running container was lost",
    });
  });

  test("what the engine refuses is an error of the engine", async () => {
    const refused = refusal(409, "Container c1 is not running");
    daemon.on("POST /containers/c1/exec", refused).on("POST /commit", refused).on("GET /_ping", refused);
    for (const action of [
      () => container.exec(program()),
      () => container.commit({ tag: "a:1", labels: {} }),
      () => container.outOfMemory(),
    ]) {
      const error = await thrownBy<VoyagerError>(action);
      expect(error).toMatchObject({ kind: "engine", details: { why: "Container c1 is not running" } });
    }
  });

  test("making an image of it keeps none of its variables", async () => {
    daemon.on("POST /commit", json({ Id: "sha256:2" }, 201));
    expect(await container.commit({ tag: "example.org:5000/env:1", labels: { a: "b" } })).toBe("sha256:2");
    expect(daemon.seen[0]?.query).toMatchObject({
      container: "c1",
      repo: "example.org:5000/env",
      tag: "1",
      comment: "nix-voyager",
    });
    expect(JSON.parse(daemon.seen[0]?.body ?? "")).toMatchObject({ Labels: { a: "b" }, Env: [] });
  });

  test("whether it met the memory limit", async () => {
    // Its clock is another than ours.
    daemon.on("GET /_ping", (response) => {
      response.setHeader("Date", "Sat, 03 Feb 2001 04:05:06 GMT").end("OK");
    });
    daemon.on("GET /events", pieces(['{"status":"oom","id":"c1"}\n']));
    expect(await container.outOfMemory()).toBe(true);
    const filters = { container: ["c1"], event: ["oom"] };
    const until = String(Date.parse("2001-02-03T04:05:07Z") / 1000);
    expect(daemon.seen.at(-1)?.query).toEqual({ since: "1", until, filters: JSON.stringify(filters) });
    daemon.on("GET /events", pieces([]));
    expect(await container.outOfMemory()).toBe(false);
  });

  test("killing it ends the lifeline and succeeds when it is gone", async () => {
    daemon.on("DELETE /containers/c1", refusal(404, "No such container"));
    await container.kill();
    expect(attached.destroyed).toBe(true);
  });
});
