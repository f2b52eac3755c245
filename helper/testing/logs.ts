/** A log that keeps its messages for the test. */
import type { Log } from "../src/common/log.ts";

export function keptLog(): { log: Log; messages: string[] } {
  const messages: string[] = [];
  const take = (first: unknown, second?: string) => messages.push(second ?? String(first));
  return { log: { info: take, warn: take, error: take } as unknown as Log, messages };
}

/** What a promise or a call throws; fails when it does not. */
export async function thrownBy<E extends Error>(action: Promise<unknown> | (() => unknown)): Promise<E> {
  try {
    await (typeof action === "function" ? action() : action);
  } catch (error) {
    return error as E;
  }
  throw new Error("it was expected to throw, and did not");
}
