/** What the figures of environments share: packages, systems of their own, and the same made by hand. */
import { setTimeout as sleep } from "node:timers/promises";
import { brokerOptions } from "./broker.mjs";
import { run } from "./command.mjs";
import { benchLabel } from "./engine.mjs";
import { nonce, root, willDelete } from "./nix.mjs";

/** What the wheel of bcrypt needs to be built, the compiler and Python's headers included. */
export const packages =
  "gcc g++ libc6-dev python3 python3-dev python3-packaging python3-setuptools python3-wheel libffi-dev python3-cffi".split(
    " ",
  );

/** The label by which the engine finds what belongs to a system. */
const ofSystem = (system) => ["--filter", `label=nix-voyager.system=${system}`];

const systems = new Set();

/** A system that no run has used: it shares neither environments nor kept packages with any other. */
export function newSystem() {
  const name = `bench-${nonce()}`;
  systems.add(name);
  return name;
}

/** Debian 12 under another name. @param {string} name @returns {string} Nix expression */
export function systemNamed(name) {
  return `(voyager.lib.systems.debian12.override { name = "${name}"; })`;
}

/**
 * The command that builds an expression, with `voyager` in its scope.
 *
 * @param {string} expression
 * @param {number} [jobs] builds at once
 * @returns {string[]}
 */
export function buildCommand(expression, jobs = 1) {
  const whole = `let voyager = import ${root} { }; in ${expression}`;
  return ["nix-build", "--no-out-link", "--max-jobs", String(jobs), ...brokerOptions(), "-E", whole];
}

/**
 * Runs such a command.
 *
 * @param {string[]} command
 * @returns {Promise<{ seconds: number, count: number }>} `count`: environments that were made
 */
export async function build(command) {
  const { seconds, stdout, stderr } = await run(command);
  for (const path of stdout.trim().split("\n")) willDelete(path);
  return { seconds, count: stderr.match(/^nix-voyager: environment .*: made, /gm)?.length ?? 0 };
}

/**
 * The same where the time is that of a new environment.
 *
 * @param {string[]} command
 * @returns {Promise<{ seconds: number, count: number }>}
 */
export async function buildInNew(command) {
  const built = await build(command);
  if (built.count === 0) throw new Error(`no environment was made by\n${command.join(" ")}`);
  return built;
}

/**
 * A build that does next to nothing in an environment.
 *
 * @param {string} system name
 * @param {string[]} wanted packages
 * @param {string} [more] other arguments
 * @returns {string} Nix expression
 */
export function smallBuild(system, wanted, more = "") {
  return `voyager.lib.mkDockerBuild {
    pname = "bench-environment"; version = "1"; system = ${systemNamed(system)};
    systemBuildDependencies = [ ${wanted.map((name) => `"${name}"`).join(" ")} ];
    env.BENCH_RUN = "${nonce()}"; ${more}
    buildScript = "touch $out/built";
  }`;
}

async function lines(command) {
  return (await run(command)).stdout.split("\n").filter((line) => line !== "");
}

/** Environments of a system, the newest first. @returns {Promise<string[]>} ids */
export async function environmentsOf(system) {
  return [...new Set(await lines(["docker", "images", "--quiet", "--no-trunc", ...ofSystem(system)]))];
}

/** Removes those environments of a system that are not in `keep`. */
export async function removeEnvironments(system, keep = []) {
  for (const id of await environmentsOf(system)) {
    if (!keep.includes(id)) await run(["docker", "rmi", "--force", id]);
  }
}

/** Removes a volume; the container that had it last may still be on its way out. */
async function removeVolume(name) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(["docker", "volume", "rm", "--force", name]);
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(200);
    }
  }
}

/** Forgets the packages that the engine keeps for a system. */
export async function forgetPackages(system) {
  for (const volume of await lines(["docker", "volume", "ls", "--quiet", ...ofSystem(system)])) {
    await removeVolume(volume);
  }
}

/** Removes all that a run left on the engine for a system. @param {string} system */
export async function forget(system) {
  await removeEnvironments(system);
  await forgetPackages(system);
  systems.delete(system);
}

/** The same for all systems that were not forgotten yet. */
export async function forgetAll() {
  for (const system of systems) await forget(system);
}

/**
 * The base image of Debian 12 as the helper chooses it: it must be there.
 *
 * @returns {Promise<string>}
 */
export async function baseImage() {
  const command = "(import <nix-voyager> { }).lib.systems.debian12.spec";
  const args = ["--eval", "--strict", "--json", "-I", `nix-voyager=${root}`, "-E", command];
  const spec = JSON.parse((await run(["nix-instantiate", ...args])).stdout);
  const suite = spec.image.bootstrap.suite;
  const made = await lines(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "nix-voyager/base"]);
  const found = [];
  for (const tag of [...made.filter((one) => one.includes(`:${suite}-`)), spec.image.reference]) {
    if (await run(["docker", "image", "inspect", tag]).catch(() => null)) found.push(tag);
  }
  if (found.length === 0) throw new Error("there is no base image: voyager image bootstrap debian12");
  return found[0];
}

/**
 * An environment made by hand, as one would write it who wants a small image.
 *
 * @param {string} base image
 * @param {string[]} wanted packages
 * @param {string} name of the container and the image
 * @returns {string[][]} commands, one after another
 */
export function byHand(base, wanted, name) {
  const script = [
    "export DEBIAN_FRONTEND=noninteractive",
    "apt-get -q update",
    `apt-get -q install -y --no-install-recommends ${wanted.join(" ")}`,
    "apt-get clean",
    "rm -rf /var/lib/apt/lists/*",
  ].join(" && ");
  return [
    ["docker", "run", "--label", benchLabel, "--name", name, base, "sh", "-c", script],
    ["docker", "commit", name, name],
    ["docker", "rm", name],
  ];
}

/**
 * Makes an environment by hand and removes it again.
 *
 * @param {string} base image
 * @param {string[]} wanted packages
 * @param {(image: string) => Promise<number>} [use] what to do with it; resolves with its seconds
 * @returns {Promise<number>} seconds of the making and of `use`
 */
export async function makeByHand(base, wanted, use = async () => 0) {
  const name = `nix-voyager-${nonce()}`;
  let seconds = 0;
  try {
    for (const command of byHand(base, wanted, name)) seconds += (await run(command)).seconds;
    return seconds + (await use(name));
  } finally {
    await run(["docker", "rm", "--force", name]).catch(() => {});
    await run(["docker", "rmi", "--force", name]).catch(() => {});
  }
}
