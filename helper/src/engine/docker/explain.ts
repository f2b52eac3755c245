/** Errors of the engine, in words. */
import { asVoyagerError, messageOf, VoyagerError } from "../../common/errors.ts";
import { ImageMissing, MountSourceMissing, NameTaken } from "../engine.ts";
import { EngineRefusal } from "./connection.ts";

/** What a request threw, as the error that `Engine` promises. @param doing its place in a sentence */
export function explain(doing: string, error: unknown): Error {
  const forCallers = [ImageMissing, MountSourceMissing, NameTaken];
  if (forCallers.some((kind) => error instanceof kind)) return error as Error;
  if (error instanceof VoyagerError) return error;
  if (error instanceof EngineRefusal) {
    const full = /no space left on device/i.test(error.reason);
    return new VoyagerError("engine", `the engine refused: ${doing}`, {
      why: error.reason,
      remedy: full
        ? "the engine's disk is full: `voyager environment prune` frees what old environments hold"
        : /Range of CPUs/.test(error.reason)
          ? "the engine's machine has fewer processors than limits.cpus says: lower it"
          : "it tells why; its own log may tell more",
      cause: error,
    });
  }
  const known = asVoyagerError(error);
  if (known.kind !== "internal") return known;
  return new VoyagerError("engine", `${doing} failed`, {
    why: messageOf(error),
    remedy: "look at the engine's own log; `voyager doctor` checks each step",
    cause: error,
  });
}
