/** Base images: found on the engine, pulled from a registry, or made by a bootstrap recipe. */
import type { Readable } from "node:stream";
import { keyOf } from "../common/hash.ts";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { type Log, secondsSince } from "../common/log.ts";
import type { Engine, Image } from "../engine/engine.ts";
import type { Bootstrap, System } from "../spec/spec.ts";
import { baseRepository, labels } from "./labels.ts";

/** Tag of the image that the system's bootstrap recipe makes: systems of one recipe share it. */
export function bootstrapTag(system: System): string | null {
  const { bootstrap } = system.image;
  return bootstrap && `${baseRepository}:${bootstrap.suite}-${keyOf(bootstrap).slice(0, 8)}`;
}

/** The base image if the engine holds it: a bootstrapped one before one from a registry. */
export async function findBaseImage(engine: Engine, system: System): Promise<Image | null> {
  const [bootstrapped, referenced] = await Promise.all(
    [bootstrapTag(system), system.image.reference].map((tag) => (tag ? engine.image(tag) : null)),
  );
  return bootstrapped ?? referenced ?? null;
}

/** The base image, pulled if it must be. Throws an `image` error with the remedy. */
export async function requireBaseImage(engine: Engine, system: System, log: Log): Promise<Image> {
  const found = await findBaseImage(engine, system);
  if (found) return found;
  const { reference } = system.image;
  let why = "the engine does not hold it, and the system names no image that could be pulled";
  if (reference) {
    const start = performance.now();
    try {
      await engine.pull(reference);
      log.info({ seconds: secondsSince(start) }, `base image ${reference}: pulled`);
      const pulled = await engine.image(reference);
      if (pulled) return pulled;
      why = `${reference} was pulled, but the engine does not show it`;
    } catch (error) {
      if (error instanceof VoyagerError && error.kind === "engine-unavailable") throw error;
      const cause = error instanceof VoyagerError ? (error.details.why ?? error.what) : messageOf(error);
      why = `the engine does not hold ${reference}, and cannot pull it: ${cause}`;
    }
  }
  throw new VoyagerError("image", `there is no base image for ${system.name}`, {
    why,
    remedy: system.image.bootstrap
      ? `run \`voyager image bootstrap ${system.name}\` on the engine's host (as root): it makes one from\nthe distribution's packages, without a registry`
      : `load the image into the engine (docker load, docker pull), or give mkSystem's \`image\` a bootstrap recipe`,
  });
}

/**
 * Makes the base image by the system's recipe, from the distribution's packages. Runs mmdebstrap
 * on this machine; its output goes straight to the engine.
 */
export async function bootstrapBaseImage(engine: Engine, system: System, log: Log): Promise<string> {
  const recipe = system.image.bootstrap;
  const tag = bootstrapTag(system);
  if (!recipe || !tag) {
    throw new VoyagerError("image", `system '${system.name}' has no bootstrap recipe`, {
      remedy: 'give mkSystem image = { bootstrap = { tool = "mmdebstrap"; suite = "…"; }; }',
    });
  }
  const start = performance.now();
  const { spawn } = await import("node:child_process"); // slow to load, and seldom needed
  const child = spawn("mmdebstrap", mmdebstrapArguments(recipe), { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (data: Buffer) => {
    complaints = (complaints + data.toString("latin1")).slice(-4000);
  });
  const ended = new Promise<number | null | Error>((resolve) => {
    child.on("close", resolve);
    child.on("error", resolve);
  });
  // A tool that fails ends the stream early; the engine would take what came as the whole image.
  const failed = ended.then((status) => {
    if (status !== 0) child.stdout.destroy(new Error("mmdebstrap failed"));
    return status;
  });
  // Without its name before it is known to be whole: the one that has the name may be in use. If this
  // process ends here, the image without a name is swept up (environment/sweep.ts).
  const [status, image] = await Promise.all([failed, imported(engine, system, child.stdout)]);
  if (status !== 0) {
    if (typeof image === "string") await engine.removeImage(image);
    throw bootstrapFailure(system, status, complaints);
  }
  if (typeof image !== "string") throw image.error;
  await engine.tagImage(image, tag);
  log.info({ seconds: secondsSince(start) }, `base image ${tag}: made by mmdebstrap ${recipe.suite}`);
  return tag;
}

/** The image's id, or what went wrong. */
function imported(engine: Engine, system: System, tar: Readable): Promise<string | { error: unknown }> {
  return engine
    .importImage(tar, { [labels.kind]: "base", [labels.system]: system.name })
    .catch((error: unknown) => ({ error }));
}

function mmdebstrapArguments(recipe: Bootstrap): string[] {
  const args = ["--variant=minbase", "--quiet", `--components=${recipe.components.join(",")}`];
  if (recipe.include.length > 0) args.push(`--include=${recipe.include.join(",")}`);
  args.push(recipe.suite, "-");
  if (recipe.mirror) args.push(recipe.mirror);
  return args;
}

function bootstrapFailure(system: System, status: unknown, complaints: string): VoyagerError {
  const missing = codeOf(status) === "ENOENT";
  const killed = status === null ? "\nit was ended by a signal" : "";
  return new VoyagerError("image", `the base image of ${system.name} could not be made`, {
    why: missing
      ? "mmdebstrap is not installed"
      : (complaints.trimEnd() + killed).trim().split("\n").slice(-10).join("\n"),
    remedy: missing ? "install it: apt-get install mmdebstrap" : "check the network and the suite's name",
  });
}
