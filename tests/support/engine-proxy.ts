/**
 * Stands between a client and the engine, on a Unix socket of its own, and records each request: for
 * tests of how many a build needs, and to see where their time goes. It changes nothing that passes
 * through, and hands on the end of either direction of a hijacked connection as the end it is.
 */
import { chmodSync, chownSync, rmSync } from "node:fs";
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { connect, type Socket } from "node:net";

/** A request as it passed through. Times are milliseconds since the epoch, with fractions. */
export interface Recorded {
  method: string;
  /** Without query and version of the API. */
  path: string;
  query: Record<string, string>;
  /** The answer's status; null as long as there is none. A hijacked connection has 101. */
  status: number | null;
  /** Which of the client's connections it came by, counted from 1. */
  connection: number;
  startedAt: number;
  /** When the answer's head came. */
  answeredAt: number | null;
  /** When the whole answer had come, or a hijacked connection was closed; null as long as it is not. */
  endedAt: number | null;
  /** Bytes of bodies: from the client to the engine, and back. */
  bytesIn: number;
  bytesOut: number;
}

/** How the socket is to be, so that Nix's build users may use it. */
export interface ProxyOptions {
  /** Where the engine is. */
  engine?: string;
  mode?: number;
  /** Id of the socket's group. */
  group?: number;
}

const now = () => performance.timeOrigin + performance.now();

export class EngineProxy {
  /** All requests so far, in the order in which they came. */
  readonly requests: Recorded[] = [];
  protected readonly engine: string;
  readonly #options: ProxyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new WeakMap<Socket, number>();
  #count = 0;
  readonly #server = createServer((request, response) =>
    this.forward(request, response, this.#record(request)),
  );

  /** @param socket path of the socket to make */
  constructor(
    readonly socket: string,
    options: ProxyOptions = {},
  ) {
    this.#options = options;
    this.engine = options.engine ?? "/var/run/docker.sock";
    // A `wait` may take as long as a build does.
    Object.assign(this.#server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.set(socket, ++this.#count);
      this.keep(socket);
    });
    this.#server.on("upgrade", (request: IncomingMessage, client: Socket, head: Buffer) =>
      this.hijack(request, client, head, this.#record(request)),
    );
  }

  /** Starts one. @param socket path of the socket to make */
  static start(socket: string, options: ProxyOptions = {}): Promise<EngineProxy> {
    return new EngineProxy(socket, options).listen();
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.socket, resolve);
    });
    const { group, mode = 0o600 } = this.#options;
    if (group !== undefined) chownSync(this.socket, process.getuid?.() ?? 0, group);
    chmodSync(this.socket, mode);
    return this;
  }

  /** Breaks off what is open, and removes the socket. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    rmSync(this.socket, { force: true });
  }

  /** Has a connection end with the proxy. */
  protected keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  }

  #record(request: IncomingMessage): Recorded {
    const url = new URL(request.url ?? "/", "http://engine");
    const recorded: Recorded = {
      method: request.method ?? "",
      path: decodeURIComponent(url.pathname).replace(/^\/v[0-9.]+(?=\/)/, ""),
      query: Object.fromEntries(url.searchParams),
      status: null,
      connection: this.#connections.get(request.socket) ?? 0,
      startedAt: now(),
      answeredAt: null,
      endedAt: null,
      bytesIn: 0,
      bytesOut: 0,
    };
    this.requests.push(recorded);
    return recorded;
  }

  /** Takes a request to the engine. */
  protected forward(request: IncomingMessage, response: ServerResponse, recorded: Recorded): void {
    const onward = this.ask(request);
    request.on("data", (data: Buffer) => {
      recorded.bytesIn += data.length;
    });
    request.pipe(onward);
    // Who hangs up takes back its request.
    response.on("close", () => onward.destroy());
    onward.on("error", () => response.destroy());
    onward.on("response", (answer) => {
      Object.assign(recorded, { status: answer.statusCode, answeredAt: now() });
      answer.on("data", (data: Buffer) => {
        recorded.bytesOut += data.length;
      });
      answer.on("end", () => {
        recorded.endedAt = now();
      });
      answer.on("aborted", () => response.destroy());
      this.answer(answer, response, recorded);
    });
  }

  /** The same request, to the engine; its body is the caller's affair. */
  protected ask({ method, url: path, headers }: IncomingMessage): ClientRequest {
    // A connection of its own: the end of the client's side ends it, which must be nobody else's.
    const onward = httpRequest({ socketPath: this.engine, method, path, headers, agent: false });
    onward.on("socket", (socket) => this.keep(socket));
    return onward;
  }

  /** Takes an answer to the client. */
  protected answer(answer: IncomingMessage, response: ServerResponse, _recorded: Recorded): void {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
    response.flushHeaders();
    answer.pipe(response);
  }

  /** Takes over a connection that is not HTTP any more once it is answered. */
  protected hijack(request: IncomingMessage, client: Socket, head: Buffer, recorded: Recorded): void {
    const engine = this.attach(request);
    if (head.length > 0) engine.write(head);
    recorded.bytesIn += head.length;
    client.on("data", (data: Buffer) => {
      recorded.bytesIn += data.length;
    });
    engine.once("data", (data: Buffer) => {
      const status = /^HTTP\/1\.1 (\d+)/.exec(data.toString("latin1", 0, 16))?.[1];
      const end = data.indexOf("\r\n\r\n");
      Object.assign(recorded, { status: status ? Number(status) : null, answeredAt: now() });
      recorded.bytesOut -= end < 0 ? data.length : end + 4;
    });
    engine.on("data", (data: Buffer) => {
      recorded.bytesOut += data.length;
    });
    engine.on("close", () => {
      recorded.endedAt ??= now();
      client.destroy();
    });
    client.on("close", () => engine.destroy());
    this.relay(client, engine, recorded);
  }

  /** Passes on what either side of a hijacked connection says. */
  protected relay(client: Socket, engine: Socket, _recorded: Recorded): void {
    client.pipe(engine);
    engine.pipe(client);
  }

  /** A connection to the engine of its own, on which the request's head is sent on as it came. */
  protected attach(request: IncomingMessage): Socket {
    const engine = connect({ path: this.engine, allowHalfOpen: true });
    this.keep(engine);
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    }
    engine.write(`${lines.join("\r\n")}\r\n\r\n`);
    return engine;
  }
}
