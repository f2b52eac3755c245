/**
 * Requests to a Docker engine, on top of docker-modem, which is dockerode's connection.
 *
 * Every answer is taken as a stream and read here: docker-modem 5 never calls back when an answer
 * breaks off, and reports errors inside a stream as success.
 */
import { readFileSync } from "node:fs";
import { globalAgent, type IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import DockerModem from "docker-modem";
import * as v from "valibot";
import { codeOf, messageOf, VoyagerError } from "../../common/errors.ts";
import { watch } from "./watch.ts";

/** Milliseconds in which an engine must answer what it can answer at once, unless it is set otherwise. */
export const defaultAnswerTimeout = 120_000;

/** One request. */
export interface Request {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path of the API, without version and query. */
  path: string;
  query?: Record<string, string | number | boolean | string[] | undefined>;
  body?: unknown;
  /** Sent as the body, as a tar stream. */
  stream?: Readable;
  /**
   * What it asks for takes its time. It has no deadline; instead the engine is asked now and then whether
   * it still answers.
   */
  lasts?: boolean;
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

/** The connection ended before the answer did: whether the engine has done it, is not known. */
export class BrokenOff extends VoyagerError {}

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
    /** Milliseconds in which the engine must answer. */
    readonly answerTimeout = defaultAnswerTimeout,
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
  async open(request: Request): Promise<Readable> {
    if (request.lasts) return this.#openLasting(request);
    return this.#inTime(request, (signal) => this.#dial(request, { isStream: true }, signal));
  }

  /** Sends a request and takes over its connection as a two-way stream. */
  hijack(request: Request): Promise<Duplex> {
    return this.#inTime(request, async (signal) => {
      // With a body, which an empty one is, too: else the headers would wait for the first byte of input.
      const withBody = { ...request, body: request.body ?? {} };
      const answer = await this.#dial(withBody, { hijack: true, isStream: true, allowEmpty: true }, signal);
      if ("write" in answer) return answer as Duplex;
      throw this.#senseless(request, "it did not hand over the connection", await readWhole(answer));
    });
  }

  /** Sends a request and resolves with the whole body. */
  async text(request: Request): Promise<string> {
    return (await this.#whole(request)).text;
  }

  async #whole(request: Request): Promise<{ text: string; status: number | undefined }> {
    const read = async (answer: Readable) => {
      const text = await readWhole(answer).catch((error: unknown) => {
        throw this.#failure(request, error);
      });
      return { text, status: (answer as IncomingMessage).statusCode };
    };
    if (request.lasts) return read(await this.open(request));
    return this.#inTime(request, async (signal) =>
      read(await this.#dial(request, { isStream: true }, signal)),
    );
  }

  /** Sends a request and resolves with the parsed body; undefined when it is empty. */
  async json(request: Request): Promise<unknown> {
    const text = await this.text(request);
    if (isEmpty(text)) return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#failure(request, new Error(`answer is not JSON: ${messageOf(error)}`));
    }
  }

  /** The same for an answer of which is known what it must hold: an error may come as a success. */
  async answer<T extends v.GenericSchema>(request: Request, schema: T): Promise<v.InferOutput<T>> {
    const value = await this.json(request);
    const parsed = v.safeParse(schema, value);
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    throw this.#senseless(request, `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`, value);
  }

  /** The same for an answer that is empty, and has one of these statuses, when all is well. */
  async done(request: Request, ...statuses: number[]): Promise<void> {
    const { text, status } = await this.#whole(request);
    if (!isEmpty(text)) throw this.#senseless(request, "it should be empty", text);
    if (status === undefined || statuses.includes(status)) return;
    throw this.#senseless(request, `it has status ${status}, not ${statuses.join(" or ")}`, null);
  }

  async #openLasting(request: Request): Promise<Readable> {
    const abort = new AbortController();
    let answer: Readable | undefined;
    const stop = watch({
      every: this.answerTimeout / 4,
      traffic: () => 0,
      goesOn: () => this.#answers(),
      onLost: (error) => {
        answer?.destroy(error);
        abort.abort(error);
      },
    });
    try {
      answer = await this.#dial(request, { isStream: true }, abort.signal);
      return answer.once("close", stop);
    } catch (error) {
      stop();
      throw abort.signal.aborted ? abort.signal.reason : error;
    }
  }

  /** Whether the engine answers at all, be it that it refuses to. Throws when it does not. */
  async #answers(): Promise<true> {
    try {
      await this.text({ method: "GET", path: "/_ping" });
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
    }
    return true;
  }

  /** Gives up what takes longer than an engine may take to answer. */
  async #inTime<T>(request: Request, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.answerTimeout);
    try {
      return await action(abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      const what = `the engine did not answer ${request.method} ${request.path} within ${this.answerTimeout / 1000} s`;
      throw new VoyagerError("engine", what, {
        why: "it is stuck or has too much to do, or the connection to it is stuck",
        remedy: `look at the engine's own log; one that is only slow gets more time by "answerTimeout"\nin engine.json, see docs/setup.md`,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns the answer's body, or the connection that was hijacked */
  #dial(request: Request, how: Record<string, unknown>, abortSignal: AbortSignal): Promise<Readable> {
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
          abortSignal,
          ...how,
        },
        (error, answer) => {
          const seconds = (performance.now() - start) / 1000;
          this.observe({ method: request.method, path: request.path, seconds });
          if (error) reject(this.#failure(request, error));
          else resolve(answer as Readable);
        },
      );
    });
  }

  #senseless(request: Request, why: string, answer: unknown): VoyagerError {
    const words = (answer as { message?: unknown; error?: unknown } | null) ?? {};
    const said = [words.message, words.error, answer].find((one) => typeof one === "string" && one !== "");
    return new VoyagerError(
      "engine",
      `the engine's answer to ${request.method} ${request.path} makes no sense`,
      {
        why: said ? `${why}\nit says: ${String(said).slice(0, 500)}` : why,
        remedy: "look at the engine's own log, and at what else stands between it and the build",
      },
    );
  }

  #failure(request: Request, error: unknown): Error {
    if (error instanceof VoyagerError) return error;
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
    return new BrokenOff("engine", `the engine broke off ${request.method} ${request.path}`, {
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

/** Podman ends each answer with a newline, be there anything before it or not. */
function isEmpty(text: string): boolean {
  return text.trim() === "";
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
