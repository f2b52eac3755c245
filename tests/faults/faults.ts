/** The faults, as data: what may go wrong with one request, and where on its way. */
import type { Recorded } from "../support/engine-proxy.ts";

/** What is done to the request's answer, or to a stream. */
export type Damage =
  /** The connection is broken off. */
  | "cut"
  /** Nothing more comes; the connection stays. */
  | "stall"
  /** A stream or a body ends as if that were all. */
  | "end"
  /** Status 500. */
  | "refuse"
  /** A body, or part of it, that is something else. */
  | "garbage"
  /** Bytes that are no HTTP. */
  | "noise"
  /** Status 200, or what it was, with an error inside. */
  | "error"
  /** The request comes to the engine twice, or a piece of a stream comes twice. */
  | "twice";

export type Place =
  /** Before the engine has got the request. */
  | "before"
  /** When the engine has done what it was asked for. */
  | "after"
  /** After half of the answer's body. */
  | "middle"
  /** Before the last byte of the answer's body. */
  | "last"
  /** After half of what is sent on a hijacked connection. */
  | "input";

export interface Fault {
  does: Damage;
  at: Place;
}

const of = (at: Place, ...damages: Damage[]): Fault[] => damages.map((does) => ({ does, at }));

export const faults: Fault[] = [
  ...of("before", "cut", "stall", "end", "refuse", "garbage", "noise", "error", "twice"),
  ...of("after", "cut", "stall", "refuse", "garbage", "error"),
  ...of("middle", "cut", "stall", "end", "garbage", "error", "twice"),
  ...of("last", "cut", "end"),
  ...of("input", "cut", "stall", "end", "garbage", "twice"),
];

export const nameOf = ({ does, at }: Fault): string => `${does} ${at}`;

/** Faults after which nothing comes, so that a case waits for a limit of time and does little. */
export const isWaiting = ({ does }: Fault): boolean => does === "stall" || does === "end";

/** The faults that a request of an undisturbed build can have: one without a body has no middle of it. */
export function faultsOf({ status, bytesIn, bytesOut }: Recorded): Fault[] {
  return faults.filter(({ at }) => {
    if (at === "middle" || at === "last") return bytesOut > 1;
    return at !== "input" || (status === 101 && bytesIn > 1);
  });
}

/** How many bytes pass before the fault. */
export function bytesBefore({ at }: Fault, { bytesIn, bytesOut }: Recorded): number {
  if (at === "last") return bytesOut - 1;
  if (at === "middle") return Math.floor(bytesOut / 2);
  return at === "input" ? Math.floor(bytesIn / 2) : 0;
}
