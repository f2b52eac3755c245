/** The audit trail: who asked for what, whether it was allowed, and why not. One JSON object a line. */
import pino from "pino";
import { writeToStderr } from "../common/log.ts";
import type { Peer } from "./peer.ts";
import type { BrokerRequest } from "./requests.ts";

/** What is noted of a connection. */
export interface Entry {
  /** Number of the connection, to find what belongs together. */
  connection: number;
  peer: Peer | null;
  /** Whether what it asks for was allowed. */
  isAllowed: boolean;
}

export class Trail {
  readonly #log: pino.Logger;

  /** @param write where a line goes */
  constructor(write: (line: string) => void = writeToStderr) {
    this.#log = pino({ level: "info", base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
  }

  allowed(entry: Entry, request: BrokerRequest): void {
    entry.isAllowed = true;
    this.#log.info({ ...who(entry), decision: "allowed", ...what(request) });
  }

  refused(entry: Entry, why: string, request: BrokerRequest | null): void {
    this.#log.warn({ ...who(entry), decision: "refused", why, ...(request ? what(request) : {}) });
  }

  /** How something ended that was allowed. */
  ended(entry: Entry, how: Record<string, unknown>): void {
    this.#log.info({ ...who(entry), ...how });
  }

  /** What the broker itself does or finds. */
  note(message: string, more: Record<string, unknown> = {}): void {
    this.#log.info(more, message);
  }

  /** A defect, or an engine that fails. */
  trouble(message: string, more: Record<string, unknown> = {}): void {
    this.#log.error(more, message);
  }
}

function who({ connection, peer }: Entry) {
  return { connection, ...(peer ? { user: peer.user, uid: peer.uid, pid: peer.pid } : {}) };
}

/** The outputs' store paths name the derivation; what is run is the build's own affair, and may be long. */
function what(request: BrokerRequest): Record<string, unknown> {
  if (request.want === "environment") {
    const { system, layers, lock } = request;
    return { want: "environment", system: system.name, packages: layers.flat(), lock: lock?.file ?? null };
  }
  const { image, mounts, foundations, network, limits } = request;
  return {
    want: "run",
    image,
    writes: mounts.filter(({ readOnly }) => !readOnly).map(({ source }) => source),
    reads: mounts.filter(({ readOnly }) => readOnly).length,
    streamed: foundations.length > 0,
    network,
    limits,
  };
}
