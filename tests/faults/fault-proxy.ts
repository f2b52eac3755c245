/** An engine's proxy that does one thing wrong with one request, and knows what the engine made meanwhile. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Transform } from "node:stream";
import { EngineProxy, type ProxyOptions, type Recorded } from "../support/engine-proxy.ts";
import type { Damage, Fault } from "./faults.ts";
import { RequestNames } from "./request-names.ts";

/** A fault of a certain request. */
export interface Planned {
  /** See `RequestNames`. */
  request: string;
  fault: Fault;
  /** Bytes that pass before it. */
  bytes: number;
}

const message = "a fault of the test";
const words = {
  garbage: "<html><body>Bad Gateway</body></html>\n",
  noise: "\x16\x03\x01 this is no HTTP\r\n\r\n",
  error: `${JSON.stringify({ errorDetail: { message }, error: message })}\n`,
  refuse: JSON.stringify({ message }),
};

export class FaultProxy extends EngineProxy {
  /** Whether the request came that was to be disturbed. */
  isHit = false;
  /** Ids of containers and images that the engine has made, whether or not the client was told. */
  readonly containers: string[] = [];
  readonly images: string[] = [];
  #names = new RequestNames();
  #planned: Planned | null;
  readonly #passed = new WeakSet<Recorded>();
  #disturbed: Recorded | null = null;

  constructor(socket: string, planned: Planned | null, options: ProxyOptions = {}) {
    super(socket, options);
    this.#planned = planned;
  }

  /** Plans another fault, for who goes on with the same connection: counting begins anew. */
  plan(planned: Planned | null): void {
    this.#planned = planned;
    this.#names = new RequestNames();
    this.#disturbed = null;
    this.isHit = false;
    for (const list of [this.requests, this.containers, this.images]) list.length = 0;
  }

  /** The fault of this request, if it is to have one. */
  #faultOf(recorded: Recorded): Fault | null {
    if (!this.#planned) return null;
    if (this.#disturbed === recorded) return this.#planned.fault;
    // It is asked for twice, when the request comes and when the answer does; counted once.
    if (this.isHit || this.#passed.has(recorded)) return null;
    this.#passed.add(recorded);
    if (this.#names.next(recorded) !== this.#planned.request) return null;
    this.isHit = true;
    this.#disturbed = recorded;
    return this.#planned.fault;
  }

  protected override forward(request: IncomingMessage, response: ServerResponse, recorded: Recorded): void {
    const fault = this.#faultOf(recorded);
    if (fault?.at !== "before") super.forward(request, response, recorded);
    else if (fault.does === "twice") this.#forwardTwice(request, response, recorded);
    else {
      request.resume();
      damageAnswer(response, fault.does);
    }
  }

  /** Sends a request, lets the engine begin to answer, and sends it again. */
  #forwardTwice(request: IncomingMessage, response: ServerResponse, recorded: Recorded): void {
    const chunks: Buffer[] = [];
    request.on("data", (data: Buffer) => chunks.push(data));
    request.on("end", () => {
      const send = (onAnswer: (answer: IncomingMessage) => void) => {
        const onward = this.ask(request);
        response.on("close", () => onward.destroy());
        onward.on("error", () => response.destroy());
        onward.on("response", onAnswer);
        onward.end(Buffer.concat(chunks));
      };
      send((first) => {
        this.#noteMade(first, recorded);
        first.resume();
        send((second) => this.answer(second, response, recorded));
      });
    });
  }

  protected override answer(answer: IncomingMessage, response: ServerResponse, recorded: Recorded): void {
    this.#noteMade(answer, recorded);
    const fault = this.#faultOf(recorded);
    if (fault?.at === "after") {
      answer.resume();
      damageAnswer(response, fault.does);
    } else if (fault?.at === "middle" || fault?.at === "last") {
      // What is to end well must not have announced more.
      const isWhole = fault.does === "cut" || fault.does === "stall";
      const headers = { ...answer.headers, ...(isWhole ? {} : { "content-length": undefined }) };
      const defined = Object.entries(headers).filter(([, value]) => value !== undefined);
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(defined) as Record<string, string>);
      response.flushHeaders();
      answer.pipe(this.#damaging(fault.does, () => response.destroy())).pipe(response);
    } else super.answer(answer, response, recorded);
  }

  protected override hijack(
    request: IncomingMessage,
    client: Socket,
    head: Buffer,
    recorded: Recorded,
  ): void {
    const fault = this.#faultOf(recorded);
    if (fault?.at === "before" && fault.does === "twice") {
      const first = this.attach(request);
      client.on("close", () => first.destroy());
      first.once("data", () => super.hijack(request, client, head, recorded));
      first.resume();
    } else if (fault?.at === "before" || fault?.at === "after") {
      client.resume();
      if (fault.at === "before") damageConnection(client, fault.does);
      else {
        const engine = this.attach(request);
        client.on("close", () => engine.destroy());
        engine.once("data", () => damageConnection(client, fault.does));
      }
    } else super.hijack(request, client, head, recorded);
  }

  protected override relay(client: Socket, engine: Socket, recorded: Recorded): void {
    const fault = this.#faultOf(recorded);
    const cut = () => {
      client.destroy();
      engine.destroy();
    };
    if (fault?.at === "input") {
      client.pipe(this.#damaging(fault.does, cut)).pipe(engine);
      engine.pipe(client);
    } else if (fault?.at === "middle" || fault?.at === "last") {
      client.pipe(engine);
      engine.once("data", (data: Buffer) => {
        engine.pause();
        const end = data.indexOf("\r\n\r\n") + 4;
        client.write(data.subarray(0, end));
        const damaging = this.#damaging(fault.does, cut);
        damaging.pipe(client);
        damaging.write(data.subarray(end));
        engine.pipe(damaging);
      });
    } else super.relay(client, engine, recorded);
  }

  /** A stream that passes on so many bytes, and then does the damage. */
  #damaging(does: Damage, cut: () => void): Transform {
    const limit = this.#planned?.bytes ?? 0;
    let bytes = 0;
    let isDone = false;
    return new Transform({
      transform(data: Buffer, _encoding, callback) {
        if (isDone) {
          // After a piece that came twice, or that was put in between, all goes on as it was.
          if (does === "twice") this.push(data);
          return callback();
        }
        if (bytes + data.length <= limit) {
          bytes += data.length;
          return callback(null, data);
        }
        isDone = true;
        const before = data.subarray(0, limit - bytes);
        if (does === "twice") this.push(Buffer.concat([data, data]));
        else this.push(before);
        if (does === "cut") setTimeout(cut, 5); // when what came before has left
        if (does === "garbage" || does === "error") this.push(words[does]);
        if (["end", "garbage", "error"].includes(does)) this.push(null);
        callback();
      },
      // What stalls has no end either.
      flush(callback) {
        if (does !== "stall" || !isDone) callback();
      },
    });
  }

  /** Notes the id in an answer that tells of something new. */
  #noteMade(answer: IncomingMessage, { method, path }: Recorded): void {
    const list = { "/containers/create": this.containers, "/commit": this.images }[path];
    if (method !== "POST" || !list || answer.statusCode !== 201) return;
    let text = "";
    answer.on("data", (data: Buffer) => {
      text += data.toString();
    });
    answer.on("end", () => list.push((JSON.parse(text) as { Id: string }).Id));
  }
}

function damageAnswer(response: ServerResponse, does: Damage): void {
  if (does === "cut") response.socket?.destroy();
  else if (does === "noise") response.socket?.end(words.noise);
  else if (does === "refuse") response.writeHead(500, json).end(words.refuse);
  else if (does === "error" || does === "garbage") response.writeHead(200, json).end(words[does]);
  else if (does === "end") response.writeHead(200).end();
}

const json = { "Content-Type": "application/json" };

/** The same on a connection that was to be hijacked. */
function damageConnection(client: Socket, does: Damage): void {
  const switching = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
  const whole = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  if (does === "cut") client.destroy();
  else if (does === "noise") client.end(words.noise);
  else if (does === "refuse") client.end(whole("500 Internal Server Error", words.refuse));
  else if (does === "error") client.end(whole("200 OK", words.error));
  else if (does === "garbage") client.end(switching + words.garbage);
  else if (does === "end") client.end(switching);
}
