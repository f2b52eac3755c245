/** Containers that have what a target has: the base image and run-time packages, nothing of a build. */
import { readdirSync } from "node:fs";
import { keyOf } from "../../helper/src/common/hash.ts";
import { voyagerCommand } from "./nix.ts";
import { must, type Result, run } from "./run.ts";

/** The only wheel of an output. */
export function wheelIn(path: string): string {
  const [wheel, ...others] = readdirSync(path).filter((name) => name.endsWith(".whl"));
  if (!wheel || others.length > 0) throw new Error(`expected one wheel in ${path}`);
  return wheel;
}

/** The base image of a system that `voyager image bootstrap` made, which it does now if it must. */
export async function baseImage(system = "debian12"): Promise<string> {
  const format = "{{.Repository}}:{{.Tag}}";
  const filters = [
    "--filter",
    "label=nix-voyager.kind=base",
    "--filter",
    `label=nix-voyager.system=${system}`,
  ];
  const find = async () => {
    const tags = (await must("docker", ["images", ...filters, "--format", format])).split("\n");
    return tags.find((one) => one.startsWith("nix-voyager/base:"));
  };
  const there = await find();
  if (!there) await must(await voyagerCommand(), ["image", "bootstrap", system]);
  const tag = there ?? (await find());
  if (!tag) throw new Error(`there is no base image of ${system}: voyager image bootstrap ${system}`);
  return tag;
}

/** An image of the base with `packages` installed, made by hand: not by what is tested. */
export async function targetImage(packages: string[], system = "debian12"): Promise<string> {
  const install = `apt-get update -qq && apt-get install -qq -y --no-install-recommends ${packages.join(" ")}`;
  return imageAfter(await baseImage(system), install);
}

/** The image `base` after a shell script was run in it as root, with a network; kept between runs. */
export async function imageAfter(base: string, script: string): Promise<string> {
  const id = await must("docker", ["image", "inspect", "--format", "{{.Id}}", base]);
  const tag = `voyager-test/target:${keyOf({ base: id, script })}`;
  if ((await run("docker", ["image", "inspect", tag])).status === 0) return tag;
  const name = `voyager-test-${process.pid}-${Date.now()}`;
  try {
    await must("docker", ["run", "--name", name, base, "sh", "-ec", script]);
    await must("docker", ["commit", name, tag]);
  } finally {
    await run("docker", ["rm", "-f", name]);
  }
  return tag;
}

/** A target that goes on running: what is done to it stays, as with a machine. */
export interface Machine {
  /** The machine's root folder as this machine sees it. */
  root: string;
  /** Runs a shell script as root; a status other than 0 is a result. */
  run(script: string): Promise<Result>;
  /** Runs one that must succeed; resolves with its standard output. */
  must(script: string): Promise<string>;
  remove(): Promise<void>;
}

/** Starts a target that has only `paths` of the store, read-only, and perhaps no network. */
export async function startMachine(image: string, paths: string[], network = true): Promise<Machine> {
  const mounts = paths.flatMap((path) => ["--volume", `${path}:${path}:ro`]);
  const net = network ? [] : ["--network", "none"];
  const id = await must("docker", ["run", "-d", "--init", ...net, ...mounts, image, "sleep", "infinity"]);
  const command = (script: string) => ["exec", id, "sh", "-ec", script];
  return {
    root: await must("docker", ["inspect", "--format", "{{.GraphDriver.Data.MergedDir}}", id]),
    run: (script) => run("docker", command(script)),
    must: (script) => must("docker", command(script)),
    remove: async () => {
      await run("docker", ["rm", "-f", id]);
    },
  };
}

/** Runs a shell script in a fresh target container without network; resolves with its output. */
export async function inContainer(
  packages: string[],
  script: string,
  volumes: string[] = [],
): Promise<string> {
  const image = await targetImage(packages);
  const mounts = volumes.flatMap((volume) => ["--volume", volume]);
  return must("docker", ["run", "--rm", "--network", "none", ...mounts, image, "sh", "-ec", script]);
}
