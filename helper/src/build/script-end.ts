/** How the script of a build ended, in words. */
import { constants } from "node:os";
import type { Spec } from "../spec/spec.ts";

/** The signal that an exit status stands for, as shells have it; null for one that stands for none. */
export function signalOf(status: number): string | null {
  const found = Object.entries(constants.signals).find(([, value]) => value === status - 128);
  return found?.[0] ?? null;
}

/** What became of a script that ended with a status other than 0. */
export function endOfScript({ name, test }: Spec, status: number): string {
  const signal = signalOf(status);
  const end = signal === null ? `failed with exit code ${status}` : `was killed by ${signal}`;
  return `the ${test ? "test" : "build"} script of ${name} ${end}`;
}
