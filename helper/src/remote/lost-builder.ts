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

/** Nix's errors among what its hook writes: `@nix` and JSON. */
function errorOf(line: string): string | null {
  if (!line.startsWith("@nix ")) return null;
  try {
    const { action, level, msg } = JSON.parse(line.slice("@nix ".length));
    return action === "msg" && level === 0 ? String(msg) : null;
  } catch {
    return null;
  }
}

/** Whether a line is an error of the hook. */
export const isError = (line: string): boolean => errorOf(line) !== null;

/** @param lines the errors of a hook that ended @returns whether they say that the builder is gone */
export function isLoss(lines: string[]): boolean {
  const errors = lines.map((line) => errorOf(line) ?? "");
  return (
    !errors.some((error) => answer.test(error)) &&
    errors.some((error) => losses.some((one) => one.test(error)))
  );
}
