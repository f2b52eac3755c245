/** Starts the helper as Nix does, but without Nix around it: to see what the helper alone costs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { watchMemory } from "./memory.mjs";

/** A store path's first part: 32 characters of Nix's base 32. */
const hash = "0".repeat(32);

/**
 * Makes a folder as Nix makes it for a build.
 *
 * @param {string} parent folder to make it in
 * @param {any} spec
 * @param {{ path: string, narSize: number }[]} closure
 * @param {string} [given] where the output is to be; a folder beside the build, if not given
 * @returns {{ top: string, out: string }} NIX_BUILD_TOP, and the output's path
 */
export function buildTop(parent, spec, closure, given) {
  const top = mkdtempSync(join(parent, "build-"));
  mkdirSync(join(top, "store"));
  const out = join(given ?? join(top, "store"), `${hash}-${spec.name}`);
  writeFileSync(join(top, ".attrs.json"), JSON.stringify({ voyager: spec, outputs: { out }, closure }));
  return { top, out };
}

/**
 * Builds with the helper and notes when the script printed lines of the form "bench: NAME".
 *
 * @param {string[]} command that starts the helper
 * @param {string} parent folder for the build
 * @param {any} spec
 * @param {{ path: string, narSize: number }[]} closure
 * @param {{ keep?: boolean, store?: string, prepare?: (made: { top: string, out: string }) => () => void }} [options]
 *   - store: see buildTop
 *   - prepare: called before the start; what it returns is called at the end
 *   - keep: leaves what is built where it is. ext4 does not use an inode again for a minute or more after a file was
 *     deleted, and passes such inodes one by one for each new file: after some 9,500 were deleted, writing as many
 *     takes ten times as long, whoever does it.
 * @returns {Promise<Record<string, number>>} seconds since the start by name, and `end`; `memory` is the helper's
 *   peak in bytes
 */
export async function runHelper(
  command,
  parent,
  spec,
  closure,
  { keep = false, store, prepare = () => () => {} } = {},
) {
  const made = buildTop(parent, spec, closure, store);
  const { top } = made;
  const cleanUp = prepare(made);
  const moments = {};
  const started = performance.now();
  let rest = "";
  const onStderr = (text) => {
    const now = (performance.now() - started) / 1000;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const name = /^bench: (\w+)$/.exec(line)?.[1];
      if (name) moments[name] = now;
    }
  };
  let peak = () => 0;
  const onStart = (pid) => {
    peak = watchMemory(pid);
  };
  try {
    // The engine's own socket: the broker gives nothing to root, whom the bench runs as.
    const env = { NIX_BUILD_TOP: top, DOCKER_HOST: process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock" };
    const { seconds } = await run([...command, "build"], { env, onStderr, onStart });
    return { ...moments, end: seconds, memory: peak() };
  } finally {
    peak();
    cleanUp();
    if (!keep) rmSync(top, { recursive: true, force: true });
  }
}
