/**
 * Whether Nix's build hook has failed because the builder is gone, by what it says: a build that failed there ends
 * it with the same status.
 */

/** How Nix, its stores and ssh say that the other side is no longer there. */
const losses = [
  /unexpected end-of-file/,
  /disconnected unexpectedly/,
  /Broken pipe/,
  /Connection (reset|refused|closed|timed out)/,
  /failed to start SSH/,
  /cannot (connect to|open connection)/,
  /Timeout, server .* not responding/,
  /No route to host/,
];

/** What the builder itself has answered, whatever that says. */
const answer = /build of '.*' (on '.*' )?failed/;

/** What a line of the hook says to Nix's log: `@nix` and JSON. */
function entryOf(line: string): { action?: unknown; level?: unknown; msg?: unknown } {
  if (!line.startsWith("@nix ")) return {};
  try {
    return JSON.parse(line.slice("@nix ".length)) ?? {};
  } catch {
    return {};
  }
}

/** Whether a line is an error. */
export function isError(line: string): boolean {
  const { action, level } = entryOf(line);
  return action === "msg" && level === 0;
}

/** Whether a line says that something that was under way has ended, well or not. */
export const isEnd = (line: string): boolean => entryOf(line).action === "stop";

/** @param line the error that a hook ended with @returns whether it says that the builder is gone */
export function isLoss(line: string): boolean {
  const error = String(entryOf(line).msg);
  return !answer.test(error) && losses.some((loss) => loss.test(error));
}
