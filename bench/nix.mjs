/** Nix as the benchmark uses it: always new derivations of this checkout, and none left behind. */
import { fileURLToPath } from "node:url";
import { run } from "./command.mjs";

/** The checkout that is measured. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

// What is measured was never built before, so no binary cache can have it. Nix would ask its caches all the
// same, for each run, and where there is no way to them that takes seconds: nobody's build time.
process.env.NIX_CONFIG = [process.env.NIX_CONFIG, "substituters ="].filter(Boolean).join("\n");

const made = new Set();
let nonces = 0;
const session = `${process.pid}-${Date.now()}`;

/** A text that no earlier run has used. */
export function nonce() {
  return `${session}-${nonces++}`;
}

/** Registers a store path that `deleteMade` shall delete. @param {string} path */
export function willDelete(path) {
  made.add(path);
}

/** What the expressions below may use. */
const prelude = `voyager = import ${root} { }; inherit (voyager.lib) mkDockerBuild systems;`;

/**
 * The command that builds a derivation which was never built before: `override` puts the nonce
 * into its environment, so evaluation, instantiation and registration are all part of it.
 *
 * @param {string} derivation Nix expression of a result of mkDockerBuild or mkDockerWheel
 * @param {string} value the nonce
 * @param {{ audited?: boolean }} [options] without the audit, which no argument of lib/ can leave out
 * @returns {string[]}
 */
export function freshBuildCommand(derivation, value, { audited = true } = {}) {
  const override = "override (old: { env = (old.env or { }) // { BENCH_RUN = nonce; }; })";
  const fresh = `(${derivation}).${override}`;
  const bare = "derivation (built.drvAttrs // { voyager = built.voyager // { linkage = null; }; })";
  const result = audited ? fresh : `let built = ${fresh}; in ${bare}`;
  const expression = `{ nonce }: let ${prelude} in ${result}`;
  return ["nix-build", "--no-out-link", "--argstr", "nonce", value, "-E", expression];
}

/**
 * Builds it anew.
 *
 * @param {string} derivation as for freshBuildCommand
 * @param {{ audited?: boolean }} [options] as for freshBuildCommand
 * @returns {Promise<{ seconds: number, log: string }>}
 */
export async function freshBuildLog(derivation, options) {
  const { seconds, stdout, stderr } = await run(freshBuildCommand(derivation, nonce(), options));
  for (const path of stdout.trim().split("\n")) willDelete(path);
  return { seconds, log: stderr };
}

/** The same. @returns {Promise<number>} seconds */
export async function freshBuild(derivation, options) {
  return (await freshBuildLog(derivation, options)).seconds;
}

/**
 * Evaluates an expression to JSON. @param {string} expression may use the prelude's names
 * @returns {Promise<any>}
 */
export async function evaluate(expression) {
  const whole = `let ${prelude} in ${expression}`;
  const { stdout } = await run(["nix-instantiate", "--eval", "--strict", "--json", "-E", whole]);
  return JSON.parse(stdout);
}

/**
 * Builds an expression, if it is not built yet.
 *
 * @param {string} expression may use the prelude's names
 * @returns {Promise<{ path: string, isNew: boolean }>} its store path
 */
export async function build(expression) {
  const whole = `let ${prelude} in ${expression}`;
  const { stdout, stderr } = await run(["nix-build", "--no-out-link", "-E", whole]);
  const path = stdout.trim();
  const name = path.replace(/^.*\/[0-9a-z]{32}-/, "");
  return { path, isNew: stderr.includes(`-${name}.drv'...`) };
}

/**
 * The argument list that starts the helper, built. The last argument is the bundle.
 *
 * @returns {Promise<string[]>}
 */
export async function helperCommand() {
  await build("voyager.voyager");
  return evaluate("voyager.helper.command");
}

/**
 * The spec of a build and the store paths that it may see, built.
 *
 * @param {string} derivation Nix expression of a result of mkDockerBuild or mkDockerWheel
 * @returns {Promise<{ spec: any, closure: string[] }>}
 */
export async function describe(derivation) {
  const { path, isNew } = await build(derivation);
  if (isNew) willDelete(path);
  return evaluate(
    `let it = ${derivation}; in { spec = it.voyager; closure = it.exportReferencesGraph.closure; }`,
  );
}

/** Deletes what the runs made, with the derivations behind it. Resolves with what could not be deleted. */
export async function deleteMade() {
  const outputs = [...made];
  made.clear();
  const derivers = await Promise.all(outputs.map(deriver));
  const paths = [...outputs, ...derivers.filter((path) => path !== null)];
  if (paths.length === 0) return [];
  // In one command: a path that others refer to can be deleted with those only.
  const together = await run(["nix-store", "--delete", ...paths]).catch((error) => error);
  if (!(together instanceof Error)) return [];
  const left = [];
  for (const path of paths) {
    await run(["nix-store", "--delete", path]).catch((error) => left.push(`${path}: ${error.message}`));
  }
  return left;
}

async function deriver(path) {
  const { stdout } = await run(["nix-store", "--query", "--deriver", path]).catch(() => ({ stdout: "" }));
  return stdout.trim().endsWith(".drv") ? stdout.trim() : null;
}
