/** Containers that have what a target has: the base image and run-time packages, nothing of a build. */
import { readdirSync } from "node:fs";
import { keyOf } from "../../helper/src/common/hash.ts";
import { must, run } from "./run.ts";

/** The only wheel of an output. */
export function wheelIn(path: string): string {
  const [wheel, ...others] = readdirSync(path).filter((name) => name.endsWith(".whl"));
  if (!wheel || others.length > 0) throw new Error(`expected one wheel in ${path}`);
  return wheel;
}

/** The base image of a system that `voyager image bootstrap` made. */
export async function baseImage(system = "debian12"): Promise<string> {
  const format = "{{.Repository}}:{{.Tag}}";
  const filters = [
    "--filter",
    "label=nix-voyager.kind=base",
    "--filter",
    `label=nix-voyager.system=${system}`,
  ];
  const tags = (await must("docker", ["images", ...filters, "--format", format])).split("\n");
  const tag = tags.find((one) => one.startsWith("nix-voyager/base:"));
  if (!tag) throw new Error(`there is no base image of ${system}: voyager image bootstrap ${system}`);
  return tag;
}

/** An image of the base with `packages` installed, made by hand: not by what is tested. */
export async function targetImage(packages: string[], system = "debian12"): Promise<string> {
  const base = await baseImage(system);
  const tag = `voyager-test/target:${keyOf({ base, packages })}`;
  if ((await run("docker", ["image", "inspect", tag])).status === 0) return tag;
  const name = `voyager-test-${process.pid}-${Date.now()}`;
  const install = `apt-get update -qq && apt-get install -qq -y --no-install-recommends ${packages.join(" ")}`;
  try {
    await must("docker", ["run", "--name", name, base, "sh", "-c", install]);
    await must("docker", ["commit", name, tag]);
  } finally {
    await run("docker", ["rm", "-f", name]);
  }
  return tag;
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
