/**
 * Nix as the profile runs it. VOYAGER_TEST_PROFILE names the profile (see setup/lib/profiles.sh),
 * NIX_CONFIG and what else it needs is set by who starts the tests.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeKeptPackages } from "./kept-packages.ts";
import { must, type Result, type RunOptions, run } from "./run.ts";

/** The checkout that is tested. */
export const root = process.cwd();
/** The way of running Nix, see setup/lib/profiles.sh. */
export const profile = process.env.VOYAGER_TEST_PROFILE ?? "sandbox";
/** How builds of this profile move files. */
export const transfer = profile === "stream" ? "stream" : "auto";
/** No build of another run of the tests is taken for one of this. */
export const runId = randomBytes(6).toString("hex");

/** A user's own home, which nix wants even where it holds nothing. */
function homeOf(user: string): string {
  const home = mkdtempSync(join(tmpdir(), "voyager-home-"));
  mkdirSync(join(home, "tmp"));
  if (user !== "root") require("node:child_process").execFileSync("chown", ["-R", user, home]);
  return home;
}
const ordinaryUser = "nobody";
const home = profile === "daemon" ? homeOf(ordinaryUser) : "";

/** Runs one of Nix's commands as the profile wants it. */
export function nix(command: string, args: string[], options: RunOptions = {}): Promise<Result> {
  if (profile !== "daemon") return run(command, args, options);
  const env = { ...process.env, ...options.env, NIX_REMOTE: "daemon", HOME: home, TMPDIR: join(home, "tmp") };
  delete (env as NodeJS.ProcessEnv).NIX_CONFIG; // an ordinary user's settings do not count
  const as = ["--reuid", ordinaryUser, "--regid", "nogroup", "--clear-groups", command, ...args];
  return run("setpriv", as, { ...options, env });
}

/**
 * What test expressions may use: `voyager`, `systems`, `build` (mkDockerBuild with what is needed
 * filled in, never taken from an earlier run), `wheel`, `virtualenv` and `targetTest` (mkDockerWheel,
 * mkDockerVirtualenv and mkDockerTest likewise).
 */
export function prelude(): string {
  return `let
    voyager = import ${root} { };
    inherit (voyager.lib) systems fetchPypi fetchRequirements mkDockerBuild mkDockerTest mkDockerVirtualenv;
    inherit (voyager.lib) mkDockerWheel mkDockerWheels mkSystem;
    defaults = {
      pname = "test"; version = "1"; transfer = "${transfer}"; system = systems.debian12;
    };
    withRun = args: args // { env = { TEST_RUN = "${runId}"; } // (args.env or { }); };
    build = args: mkDockerBuild (withRun (defaults // args));
    wheel = args: mkDockerWheel (withRun (defaults // args));
    virtualenv = args: mkDockerVirtualenv (withRun (defaults // args));
    targetTest = args: mkDockerTest (withRun ({ transfer = "${transfer}"; } // args));
  in `;
}

/** Builds an expression (see prelude). */
export function nixBuild(expression: string, args: string[] = [], options: RunOptions = {}): Promise<Result> {
  return nix("nix-build", ["--no-out-link", "-E", prelude() + expression, ...args], options);
}

/** Builds an expression that must succeed; resolves with its store paths. */
export async function mustBuild(expression: string, args: string[] = []): Promise<string[]> {
  const result = await nixBuild(expression, args);
  if (result.status !== 0) throw new Error(`nix-build failed:\n${result.stderr}`);
  return result.stdout.trim().split("\n");
}

/** Derivations of an expression (see prelude): their store paths. */
export async function instantiate(expression: string): Promise<string[]> {
  const result = await nix("nix-instantiate", ["--expr", prelude() + expression]);
  if (result.status !== 0) throw new Error(`nix-instantiate failed:\n${result.stderr}`);
  return result.stdout.trim().split("\n");
}

/** The value of an expression (see prelude) that is data. */
export async function evaluate(expression: string): Promise<unknown> {
  const args = ["--eval", "--strict", "--json", "--expr", prelude() + expression];
  const result = await nix("nix-instantiate", args);
  if (result.status !== 0) throw new Error(`nix-instantiate failed:\n${result.stderr}`);
  return JSON.parse(result.stdout);
}

/** Builds attributes of the checkout; resolves with one path each. */
export async function buildAttribute(attribute: string): Promise<string> {
  const result = await nix("nix-build", ["--no-out-link", root, "-A", attribute]);
  if (result.status !== 0) throw new Error(`nix-build -A ${attribute} failed:\n${result.stderr}`);
  return result.stdout.trim();
}

/** Store path of the embedded runtime in use, which is there once the helper is: made here, or kept by the set-up. */
export async function runtimePath(): Promise<string> {
  await buildAttribute("voyager");
  const expression = `dirOf (dirOf (builtins.head (import ${root} { }).helper.command))`;
  const result = await nix("nix-instantiate", ["--eval", "--json", "--expr", expression]);
  if (result.status !== 0) throw new Error(`the runtime is not known:\n${result.stderr}`);
  return JSON.parse(result.stdout);
}

/** Path of the `voyager` command, built by Nix. */
export async function voyagerCommand(): Promise<string> {
  return join(await buildAttribute("voyager"), "bin/voyager");
}

/** Containers that builds or environments have left on the engine. */
export async function leftContainers(): Promise<string[]> {
  const format = '{{.Label "nix-voyager.container"}}|{{.ID}} {{.Status}} {{.Command}}';
  const listed = await must("docker", [
    "ps",
    "-a",
    "--filter",
    "label=nix-voyager.container",
    "--format",
    format,
  ]);
  // A container that a test makes by hand of an environment has the image's label, which is empty: it is no build's.
  return listed.split("\n").filter((line) => /^[^|]/.test(line));
}

/** Waits, for at most `seconds`, until no container is left, and removes packages kept for a test's systems: removal goes on after a build has ended. */
export async function expectNothingLeft(seconds = 5): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let left = await leftContainers();
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    left = await leftContainers();
  }
  await removeKeptPackages(runId);
  expect(left).toEqual([]);
}
