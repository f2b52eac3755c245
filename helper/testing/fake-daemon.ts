/**
 * A server on a temporary socket that plays the engine's answers, the broken ones above all: a
 * real engine cannot be asked to break off in the middle of a frame.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

/** A request as the daemon got it; `body` is read to its end before a handler sees it. */
export interface Seen {
  method: string;
  path: string;
  /** Of a name that is given several times, the last. */
  query: Record<string, string>;
  /** The query as it came. */
  search: string;
  headers: IncomingMessage["headers"];
  body: string;
}

type Answer = (response: ServerResponse, seen: Seen) => void;
type Upgrade = (socket: Duplex, seen: Seen) => void;

/** A frame of the engine's multiplexed output. */
export function frame(stream: number, payload: string | Buffer): Buffer {
  const data = Buffer.from(payload);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

/** Answers with JSON. */
export const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));

/** Answers with an error, in the engine's form. */
export const refusal = (status: number, message: string): Answer => json({ message }, status);

/** Sends these pieces, one write each, and then ends well or breaks off. */
export const pieces =
  (parts: (string | Buffer)[], end: "end" | "break" = "end"): Answer =>
  async (response) => {
    response.writeHead(200);
    for (const part of parts) {
      response.write(part);
      await new Promise((resolve) => setTimeout(resolve, 5)); // so that each is a chunk of its own
    }
    if (end === "end") response.end();
    else response.destroy();
  };

export class FakeDaemon {
  readonly folder = mkdtempSync(join(tmpdir(), "voyager-daemon-"));
  readonly socket = join(this.folder, "engine.sock");
  readonly address = `unix://${this.socket}`;
  readonly seen: Seen[] = [];
  /** What it calls itself in its answers. */
  server = "Docker/20.10.24 (linux)";
  readonly #answers = new Map<string, Answer>();
  readonly #upgrades = new Map<string, Upgrade>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => {
    response.setHeader("Server", this.server);
    this.#read(request).then(
      (seen) => {
        const answer = this.#answers.get(`${seen.method} ${seen.path}`);
        (answer ?? refusal(501, `no answer for ${seen.method} ${seen.path}`))(response, seen);
      },
      () => response.destroy(),
    );
  });

  async listen(): Promise<this> {
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}); // clients that break off are part of the play
    });
    this.#server.on("upgrade", (request, socket, head: Buffer) => {
      const path = new URL(request.url ?? "/", "http://engine").pathname;
      const upgrade = this.#upgrades.get(path);
      const seen = { ...describe(request), body: head.toString() };
      this.seen.push(seen);
      if (upgrade) upgrade(socket, seen);
      else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n{"message":"not here"}');
    });
    await new Promise<void>((resolve) => this.#server.listen(this.socket, resolve));
    return this;
  }

  /** Says what to answer to "METHOD /path". */
  on(request: string, answer: Answer): this {
    this.#answers.set(request, answer);
    return this;
  }

  /** Says what to do with a connection that is hijacked at a path, after the 101. */
  onUpgrade(path: string, upgrade: Upgrade): this {
    this.#upgrades.set(path, upgrade);
    return this;
  }

  /** Takes no more connections; those that are open stay. */
  stopListening(): void {
    this.#server.close();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #read(request: IncomingMessage): Promise<Seen> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = { ...describe(request), body: Buffer.concat(chunks).toString() };
    this.seen.push(seen);
    return seen;
  }
}

function describe(request: IncomingMessage): Seen {
  const url = new URL(request.url ?? "/", "http://engine");
  const query = Object.fromEntries(url.searchParams);
  return {
    method: request.method ?? "",
    path: decodeURIComponent(url.pathname),
    query,
    search: url.search,
    headers: request.headers,
    body: "",
  };
}

/** The head of an answer that turns a request into a two-way stream. */
export const switching = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
