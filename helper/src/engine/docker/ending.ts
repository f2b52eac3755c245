/** How a container ends, as the engine tells it. */
import type { Readable } from "node:stream";
import { readWhole } from "./connection.ts";

/** The status in the answer of a `wait` with `condition=next-exit`, which comes when the engine has tidied up. */
export async function statusOf(waiting: Readable): Promise<number> {
  const answer = JSON.parse(await readWhole(waiting)) as {
    StatusCode?: number;
    Error?: { Message?: string } | null;
  };
  if (answer.Error?.Message) throw new Error(answer.Error.Message);
  // Podman has -1 where it does not know.
  if (typeof answer.StatusCode !== "number" || answer.StatusCode < 0) {
    throw new Error("the engine gave no exit status");
  }
  return answer.StatusCode;
}

/** An event is longer than one would think: it carries the labels of the image. */
const longest = 16 * 1024 * 1024;

/** What that event is called: Podman has a name of its own, which it may or may not translate. */
export const deathEvents = ["die", "died"];

/**
 * Resolves when the event "die" of a container has come: it is told when process 1 is gone, and with it,
 * by the kernel, every other one. Never settles when it does not come: an engine may drop events.
 * The event has a status, too, but a label of the image can stand in its place.
 *
 * @param events the open answer of `events`, of this container's "die" only
 */
export function deathIn(events: Readable): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    events.on("error", () => {});
    events.setEncoding("utf8");
    events.on("data", (data: string) => {
      text += data;
      const end = text.indexOf("\n");
      if (end < 0 && text.length < longest) return;
      if (isDeath(text.slice(0, end))) resolve();
      events.destroy();
    });
  });
}

function isDeath(line: string): boolean {
  try {
    return deathEvents.includes((JSON.parse(line) as { Action?: string }).Action ?? "");
  } catch {
    return false;
  }
}
