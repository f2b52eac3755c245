/**
 * Requests to a Docker engine, on top of docker-modem, which is dockerode's connection.
 *
 * Every answer is taken as a stream and read here: docker-modem 5 never calls back when an answer
 * breaks off, and reports errors inside a stream as success.
 */
import { readFileSync } from "node:fs";
import { globalAgent } from "node:http";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import DockerModem from "docker-modem";
import { codeOf, messageOf, VoyagerError } from "../../common/errors.ts";

/** One request. */
export interface Request {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path of the API, without version and query. */
  path: string;
  query?: Record<string, string | number | boolean | string[] | undefined>;
  body?: unknown;
  /** Sent as the body, as a tar stream. */
  stream?: Readable;
}

/** Told of each request when its answer begins, or fails to come. */
export type RequestObserver = (request: { method: string; path: string; seconds: number }) => void;

/** An answer with an error status. */
export class EngineRefusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

// The parts of docker-modem that its types leave out.
interface Modem {
  dial(options: Record<string, unknown>, callback: (error: unknown, answer: unknown) => void): void;
  /** Called with the head of each answer, be it an error. */
  buildPayload(...args: [unknown, unknown, unknown, unknown, unknown, AnswerHead, ...unknown[]]): void;
}

interface AnswerHead {
  headers?: { server?: string };
}

// Node would work out the name for TLS even where there is none, and for that compile a regular
// expression for all IPv6 addresses: milliseconds before the first request.
(globalAgent as unknown as { options: { servername: string } }).options.servername = "";

/** Every status counts as known to docker-modem, so that `refusal` below sees the engine's words. */
const successes = { 101: true, 200: true, 201: true, 204: true, 304: true };

export class Connection {
  readonly #modem: Modem;
  #server: string | undefined;

  /** @param address "unix:///path" or "tcp://host:port" */
  constructor(
    readonly address: string,
    private readonly observe: RequestObserver = () => {},
  ) {
    const options = address.startsWith("unix://")
      ? { socketPath: address.slice("unix://".length) }
      : tcpOptions(address);
    const modem = new DockerModem(options) as unknown as Modem;
    const { buildPayload } = modem;
    modem.buildPayload = (...args) => {
      this.#server ??= args[5].headers?.server;
      buildPayload.apply(modem, args);
    };
    this.#modem = modem;
  }

  /** What the engine calls itself, once it has answered. */
  get server(): string | undefined {
    return this.#server;
  }

  /** Sends a request and resolves with the body's stream as soon as the headers are there. */
  open(request: Request): Promise<Readable> {
    return this.#dial(request, { isStream: true }) as Promise<Readable>;
  }

  /** Sends a request and takes over its connection as a two-way stream. */
  hijack(request: Request): Promise<Duplex> {
    // Without a body the request's headers would wait for the first byte of input.
    const withBody = { ...request, body: request.body ?? {} };
    const how = { hijack: true, openStdin: true, isStream: true, allowEmpty: true };
    return this.#dial(withBody, how) as Promise<Duplex>;
  }

  /** Sends a request and resolves with the parsed body; undefined when it is empty. */
  async json(request: Request): Promise<unknown> {
    const answer = await this.open(request);
    const text = await readWhole(answer).catch((error: unknown) => {
      throw this.#failure(request, error);
    });
    if (text.trim() === "") return undefined; // Podman ends it with a newline, be there anything or not
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#failure(request, new Error(`answer is not JSON: ${messageOf(error)}`));
    }
  }

  #dial(request: Request, how: Record<string, unknown>): Promise<unknown> {
    const query = new URLSearchParams(
      Object.entries(request.query ?? {}).flatMap(([name, value]): [string, string][] =>
        [value].flat().map((one) => [name, String(one)]),
      ),
    ).toString();
    const start = performance.now();
    return new Promise((resolve, reject) => {
      this.#modem.dial(
        {
          // docker-modem reads a trailing "?" as "append the options here".
          path: `${request.path}${query ? `?${query}&` : "?"}`,
          method: request.method,
          options: request.body === undefined ? {} : { _query: {}, _body: request.body },
          ...(request.stream ? { file: request.stream } : {}),
          statusCodes: successes,
          ...how,
        },
        (error, answer) => {
          const seconds = (performance.now() - start) / 1000;
          this.observe({ method: request.method, path: request.path, seconds });
          if (error) reject(this.#failure(request, error));
          else resolve(answer);
        },
      );
    });
  }

  #failure(request: Request, error: unknown): Error {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== undefined) return new EngineRefusal(status, reasonOf(error));
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") {
      return new VoyagerError("engine-unavailable", `permission denied at ${this.address}`, {
        why: messageOf(error),
        remedy:
          "the user that builds must be able to write to the socket: in the Nix sandbox its group must be nixbld,\nin the classic set-up the build users must be in the socket's group; `voyager doctor` tells which",
        cause: error,
      });
    }
    if (code === "ENOENT" || code === "ECONNREFUSED") {
      return new VoyagerError("engine-unavailable", `no engine answers at ${this.address}`, {
        why: messageOf(error),
        remedy: "start the engine; `voyager doctor` checks each step",
        cause: error,
      });
    }
    return new VoyagerError("engine", `the engine broke off ${request.method} ${request.path}`, {
      why: messageOf(error),
      remedy: "look at the engine's own log",
      cause: error,
    });
  }
}

function tcpOptions(address: string): DockerModem.ConstructorOptions {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== "tcp:" || url.hostname === "") {
    throw new VoyagerError("usage", `'${address}' is not the address of an engine`, {
      remedy: 'write "unix:///path/of/socket" or "tcp://host:port", in --engine or DOCKER_HOST',
    });
  }
  // As Docker's own client: https://docs.docker.com/engine/security/protect-access/
  const certificates = process.env.DOCKER_CERT_PATH;
  if (process.env.DOCKER_TLS_VERIFY && certificates) {
    const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) =>
      readCertificate(join(certificates, name)),
    );
    return { host: url.hostname, port: url.port || "2376", protocol: "https", ca, cert, key };
  }
  if (process.env.DOCKER_TLS_VERIFY) {
    throw new VoyagerError("usage", "DOCKER_TLS_VERIFY is set without DOCKER_CERT_PATH", {
      remedy: "set DOCKER_CERT_PATH to the folder that holds ca.pem, cert.pem and key.pem",
    });
  }
  return { host: url.hostname, port: url.port || "2375", protocol: "http" };
}

function readCertificate(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new VoyagerError("usage", `cannot read ${file}`, {
      why: messageOf(error),
      remedy: "DOCKER_CERT_PATH must hold ca.pem, cert.pem and key.pem",
    });
  }
}

/** What the engine itself said, without docker-modem's frame around it. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, "")
    .trim();
}

/** Reads a stream to its end. Rejects when it breaks off. */
export async function readWhole(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
