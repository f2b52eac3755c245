/** Writes an environment to a folder, for engines of other machines. */
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf, VoyagerError } from "../../common/errors.ts";
import { type Log, secondsSince } from "../../common/log.ts";
import type { Engine, Image } from "../../engine/engine.ts";
import type { System } from "../../spec/spec.ts";
import { bootstrapTag, requireBaseImage } from "../base-image.ts";
import { type EnvironmentRequest, ensureEnvironment, isKeyedBy } from "../environments.ts";
import { environmentRepository, labels } from "../labels.ts";
import {
  type ArchiveFacts,
  ArchiveInspector,
  describe,
  holdsJust,
  megabytes,
  type NamedImage,
} from "./archive.ts";
import { archiveFile, type Description, descriptionFile } from "./description.ts";

/** Makes the environment if there is no fresh one, and writes it to a new folder: whole, or not at all. */
export async function exportEnvironment(
  engine: Engine,
  request: EnvironmentRequest,
  output: string,
  log: Log,
): Promise<Description> {
  const folder = newFolder(output);
  const { image, base } = await imagesOf(engine, request, log);
  const environment = named(image, (tag) => tag.startsWith(`${environmentRepository}:`));
  const start = performance.now();
  const parts = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  try {
    const images = [environment, ...(base ? [base] : [])];
    const { size, sha256 } = await save(engine, images, join(parts, archiveFile));
    const description: Description = {
      format: "voyager-environment/1",
      environment,
      base,
      system: request.system.name,
      packages: JSON.parse(image.labels[labels.packages] ?? "[]") as string[],
      asOf: image.labels[labels.asOf] ?? "",
      archive: { size, sha256 },
    };
    writeFileSync(join(parts, descriptionFile), `${JSON.stringify(description, null, 2)}\n`);
    chmodSync(parts, 0o755);
    renameSync(parts, folder);
    log.info({ seconds: secondsSince(start) }, `${environment.name}: exported, ${megabytes(size)}`);
    return description;
  } catch (error) {
    rmSync(parts, { recursive: true, force: true });
    throw error;
  }
}

function newFolder(output: string): string {
  const folder = resolve(output);
  const problem = existsSync(folder) ? "exists" : existsSync(dirname(folder)) ? null : "cannot be made";
  if (problem === null) return folder;
  throw new VoyagerError("usage", `${output} ${problem}`, {
    remedy: "name a new folder in one that exists: nothing is written over",
  });
}

/** The environment's image, and the base image that belongs to its name. */
async function imagesOf(
  engine: Engine,
  request: EnvironmentRequest,
  log: Log,
): Promise<{ image: Image; base: NamedImage | null }> {
  const { image: id } = await ensureEnvironment(engine, request, log);
  const image = await engine.image(id);
  const base = request.lock ? null : await requireBaseImage(engine, request.system, log);
  if (image === null || (base && !isKeyedBy(image, request.system, base))) {
    throw new VoyagerError("environment", "the environment was replaced while it was exported", {
      remedy: "export it again",
    });
  }
  return { image, base: base && nameBase(request.system, base) };
}

function nameBase(system: System, base: Image): NamedImage {
  const names = [bootstrapTag(system), system.image.reference].flatMap((name) =>
    name === null ? [] : [name, `${name}:latest`],
  );
  const isName = (tag: string) => names.includes(tag);
  if (base.tags.some(isName)) return named(base, isName);
  throw new VoyagerError("environment", `the base image of ${system.name} cannot be carried`, {
    why: `${system.image.reference} names it by a digest, which an archive of images does not keep`,
    remedy: "have each engine pull it and make the environment, or use a system lock",
  });
}

function named({ id, tags }: Image, isName: (tag: string) => boolean): NamedImage {
  return { id, name: tags.find(isName) ?? "" };
}

/** Writes the archive, and looks at it: an engine that fails in the middle may end it as if it were whole. */
async function save(engine: Engine, images: NamedImage[], file: string): Promise<ArchiveFacts> {
  const inspector = new ArchiveInspector();
  const looking = new Transform({
    transform(data: Buffer, _encoding, done) {
      try {
        inspector.write(data);
        done(null, data);
      } catch (error) {
        done(notWhole(error));
      }
    },
  });
  await pipeline(await engine.saveImages(images.map(({ name }) => name)), looking, createWriteStream(file));
  let facts: ArchiveFacts;
  try {
    facts = inspector.finish();
  } catch (error) {
    throw notWhole(error);
  }
  if (holdsJust(facts, images)) return facts;
  throw notWhole(
    new Error(
      `it holds ${describe(facts.images)}; asked for was ${describe(images)}\n(an engine that keeps images in containerd's store has other ids)`,
    ),
  );
}

function notWhole(error: unknown): VoyagerError {
  return new VoyagerError("engine", "the engine's archive of the environment is not what it should be", {
    why: messageOf(error),
    remedy: "look at the engine's own log and at its disk, and export again",
    cause: error,
  });
}
