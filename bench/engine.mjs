/** What the peers need of the engine: the environments' images, and a docker run as a user would write it. */
import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";

/**
 * Label of containers and images that outlive a command; what is left of them goes at the end. It is of this
 * run alone: another one may measure at the same time.
 */
export const benchLabel = `nix-voyager-bench=${process.pid}-${Date.now()}`;

/**
 * The image of the environment that a spec asks for. The build must have run before.
 *
 * @param {any} spec
 * @returns {Promise<string>} image id
 */
export async function imageOf(spec) {
  const wanted = JSON.stringify([...new Set(spec.environment.layers.flat())].sort());
  const filters = ["kind=environment", `system=${spec.system.name}`].flatMap((label) => [
    "--filter",
    `label=nix-voyager.${label}`,
  ]);
  const { stdout } = await run(["docker", "images", "--no-trunc", "--quiet", ...filters]);
  const ids = [...new Set(stdout.trim().split("\n"))].filter((id) => id !== "");
  const inspected =
    ids.length > 0 ? JSON.parse((await run(["docker", "image", "inspect", ...ids])).stdout) : [];
  const label = (image, name) => image.Config.Labels[`nix-voyager.${name}`] ?? "";
  const found = inspected
    .filter((image) => label(image, "packages") === wanted)
    .sort((a, b) => label(b, "as-of").localeCompare(label(a, "as-of")))[0];
  if (!found) throw new Error(`the engine has no environment of ${spec.system.name} with ${wanted}`);
  return found.Id;
}

/**
 * Makes an image of another one and a script that is run in it as root, without network. It goes at the end.
 *
 * @param {string} image
 * @param {string} script for bash
 * @returns {Promise<string>} image id
 */
export async function derivedImage(image, script) {
  const options = ["--label", benchLabel, "--network", "none", "--user", "root"];
  // Not by --entrypoint, which the new image would have, too.
  const created = await run(["docker", "create", ...options, image, "bash", "-ec", script]);
  const container = created.stdout.trim();
  await run(["docker", "start", "--attach", container]);
  const { stdout } = await run(["docker", "commit", container]);
  await run(["docker", "rm", container]);
  return stdout.trim();
}

/** Removes the containers and images of this run. */
export async function removeMade() {
  const filter = ["--all", "--quiet", "--filter", `label=${benchLabel}`];
  const listed = async (kind) => {
    const { stdout } = await run(["docker", kind, "ls", ...filter]).catch(() => ({ stdout: "" }));
    return [...new Set(stdout.split("\n").filter((line) => line !== ""))];
  };
  for (const id of await listed("container")) {
    await run(["docker", "rm", "--force", "--volumes", id]).catch(() => {});
  }
  for (const id of await listed("image")) await run(["docker", "rmi", "--force", id]).catch(() => {});
}

/** The variables that the helper sets too, see helper/src/build/layout.ts. */
function variables(spec) {
  return {
    HOME: "/build/home",
    TMPDIR: "/build/tmp",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: "315532800",
    ...(spec.src === null ? {} : { src: spec.src }),
    out: "/out",
    ...spec.env,
  };
}

/**
 * The script of a build without nix-voyager: the same stage script, build script and variables.
 *
 * @param {any} spec
 * @returns {{ env: string[], script: string }} `--env` options, and what `bash -c` shall run
 */
export function byHand(spec) {
  const env = Object.entries(variables(spec)).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const quoted = `'${spec.buildScript.replaceAll("'", "'\\''")}'`;
  const script = [
    "mkdir -p /build/.voyager /build/tmp /build/home /out",
    `printf %s ${quoted} >/build/.voyager/build-script`,
    `exec bash ${spec.stage}`,
  ].join("\n");
  return { env, script };
}

/**
 * `docker run` of a build, as a user would write it.
 *
 * @param {{ spec: any, closure: string[] }} build from `describe`
 * @param {string} image
 * @param {string} out folder that gets the result
 * @returns {string[]}
 */
export function dockerRun({ spec, closure }, image, out) {
  const { env, script } = byHand(spec);
  const volumes = [...closure.map((path) => `${path}:${path}:ro`), `${out}:/out`].flatMap((volume) => [
    "--volume",
    volume,
  ]);
  const options = ["--rm", "--network", "none", ...volumes, ...env, "--entrypoint", "bash"];
  return ["docker", "run", ...options, image, "-c", script];
}

/**
 * Runs a command that leaves its result in a new folder, and makes sure that it did: a peer that
 * does nothing would be fast.
 *
 * @param {string} temporary folder to make it in
 * @param {(out: string) => string[]} command
 * @param {Parameters<typeof run>[1]} [options]
 * @returns {Promise<number>} seconds
 */
export async function runInto(temporary, command, options) {
  const out = mkdtempSync(join(temporary, "out-"));
  const { seconds } = await run(command(out), options);
  if (readdirSync(out).length === 0) throw new Error(`nothing was written by ${command(out).join(" ")}`);
  return seconds;
}
