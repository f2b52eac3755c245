/**
 * Takes over an environment that another machine has exported. Nothing gets to the engine before all of the
 * archive has been read and is what its description says, and nothing else than what was read then; and what the
 * engine then has is told by its id, which is the hash of its content. That the archive is read twice is meant so:
 * the engine, which is root, would else take apart what nobody has checked.
 */
import { join } from "node:path";
import { Readable } from "node:stream";
import { messageOf, VoyagerError } from "../../common/errors.ts";
import { type Log, secondsSince } from "../../common/log.ts";
import type { Engine, Image } from "../../engine/engine.ts";
import { environmentTag, labels } from "../labels.ts";
import { ArchiveInspector, describe, holdsJust, megabytes, type NamedImage } from "./archive.ts";
import { CheckedFile } from "./checked-file.ts";
import { archiveFile, type Description, readDescription } from "./description.ts";

/** Takes over the environment of a folder that `exportEnvironment` made. */
export async function importEnvironment(
  engine: Engine,
  folder: string,
  options: { replaceBase: boolean },
  log: Log,
): Promise<void> {
  const description = readDescription(folder);
  const { environment, base } = description;
  const images = [environment, ...(base ? [base] : [])];
  if (await isThere(engine, images, environment)) {
    log.info(`${environment.name}: exists`);
    return;
  }
  if (base) await makeWayForBase(engine, base, options.replaceBase, log);
  const start = performance.now();
  const file = join(folder, archiveFile);
  const before = await Promise.all(images.map(({ name }) => engine.image(name)));
  const removeNew = async () => {
    for (const [index, { name }] of images.entries()) if (!before[index]) await engine.removeImage(name);
  };
  await load(engine, file, description, images, removeNew);
  if (!(await isThere(engine, images, environment))) {
    // Builds would take it, by its name.
    await removeNew();
    throw new VoyagerError("environment", `${environment.name} did not arrive as it was sent`, {
      why: `the engine should have ${describe(images)}\nafter it took over the archive, and has not; or its labels say another name`,
      remedy: "export it anew, from an engine of the same kind",
    });
  }
  log.info(
    { seconds: secondsSince(start) },
    `${environment.name}: imported, ${megabytes(description.archive.size)}, package lists of ${description.asOf}`,
  );
}

/** Has the engine take over the archive, if it is what the description says. */
async function load(
  engine: Engine,
  file: string,
  description: Description,
  images: NamedImage[],
  removeNew: () => Promise<void>,
): Promise<void> {
  let archive: CheckedFile | undefined;
  try {
    archive = await CheckedFile.open(file).catch((error: unknown) => {
      throw notAsExported(file, messageOf(error), nothingLoaded);
    });
    await checkArchive(file, archive, description, images);
    await engine.loadImages(Readable.from(archive.again(), { objectMode: false }));
  } catch (error) {
    if (!archive?.isChanged) throw error;
    // What an archive has behind its end an engine does not wait for.
    await removeNew();
    const why = "it was another one when it was read to check it than while it was sent to the engine";
    throw notAsExported(file, why, "find out who writes to it; the engine has kept nothing of it");
  } finally {
    await archive?.close();
  }
}

/** Whether the engine has these images, and the environment is what it is called. */
async function isThere(engine: Engine, images: NamedImage[], environment: NamedImage): Promise<boolean> {
  for (const { name, id } of images) if ((await engine.image(name))?.id !== id) return false;
  const own = await engine.image(environment.name);
  return own !== null && isWhatItIsCalled(own, environment);
}

/** Environments are named after their base image, so the engine's own would no longer be found without it. */
async function makeWayForBase(engine: Engine, base: NamedImage, replace: boolean, log: Log): Promise<void> {
  const own = await engine.image(base.name);
  if (!own || own.id === base.id) return;
  if (replace) {
    log.warn(
      `base image ${base.name}: is replaced; environments that were made from the one before are not used any more`,
    );
    return;
  }
  throw new VoyagerError("environment", `the engine has another base image ${base.name}`, {
    why: `the environment was made from ${base.id.slice(0, 19)}, the engine has ${own.id.slice(0, 19)}:\nwith that one, no build would look for this environment`,
    remedy:
      "--replace-base takes over the base image, too; environments that this engine made from its own\nare then not used any more (voyager environment prune removes them)",
  });
}

const nothingLoaded = "copy it again, or export it anew; the engine has got nothing of it";

async function checkArchive(
  file: string,
  content: CheckedFile,
  { archive }: Description,
  images: NamedImage[],
): Promise<void> {
  const inspector = new ArchiveInspector();
  let why: string;
  try {
    for await (const data of content.first()) inspector.write(data);
    const found = inspector.finish();
    if (found.size !== archive.size) why = `it has ${found.size} bytes, not ${archive.size}`;
    else if (found.sha256 !== archive.sha256) why = `its SHA-256 is ${found.sha256}, not ${archive.sha256}`;
    else if (!holdsJust(found, images)) why = `it holds ${describe(found.images)}, not ${describe(images)}`;
    else return;
  } catch (error) {
    why = messageOf(error);
  }
  throw notAsExported(file, why, nothingLoaded);
}

function notAsExported(file: string, why: string, remedy: string): VoyagerError {
  return new VoyagerError("environment", `${file} was altered, or is not whole`, { why, remedy });
}

/** Whether the name is that of what the labels say: builds find it by its name, and then go by these. */
function isWhatItIsCalled({ labels: own }: Image, { name }: NamedImage): boolean {
  const packages = JSON.parse(own[labels.packages] ?? "null") as string[] | null;
  const systemKey = own[labels.systemKey];
  if (own[labels.kind] !== "environment" || systemKey === undefined || packages === null) return false;
  return environmentTag(systemKey, packages) === name;
}
