/** `voyager image` and `voyager environment`: what the engine holds for nix-voyager. */
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { formatTable } from "../common/table.ts";
import type { Engine, Image } from "../engine/engine.ts";
import { bootstrapBaseImage, bootstrapTag, requireBaseImage } from "../environment/base-image.ts";
import { formatAge } from "../environment/environments.ts";
import { isOurs, labels } from "../environment/labels.ts";
import type { System } from "../spec/spec.ts";
import { readSystem } from "../spec/systems.ts";

/** Makes a base image, unless the engine has it. */
export async function bootstrap(
  engine: Engine,
  options: { system: string; file?: string | undefined; force: boolean; unlessAvailable?: boolean },
  log: Log,
): Promise<void> {
  const system = readSystem(options.system, options.file);
  const tag = bootstrapTag(system);
  const existing = tag && (await engine.image(tag));
  if (existing && !options.force) {
    log.info(`base image ${tag}: exists, ${formatAge(Date.now() - existing.created.getTime())} old`);
    return;
  }
  if (options.unlessAvailable && (await isAvailable(engine, system, log))) return;
  await bootstrapBaseImage(engine, system, log);
}

async function isAvailable(engine: Engine, system: System, log: Log): Promise<boolean> {
  try {
    const image = await requireBaseImage(engine, system, log);
    log.info(`base image ${image.tags[0] ?? image.id}: exists`);
    return true;
  } catch (error) {
    if (error instanceof VoyagerError && error.kind === "image") return false;
    throw error;
  }
}

type Kind = "base" | "environment";

async function imagesOfKind(engine: Engine, kind: Kind): Promise<Image[]> {
  const images = (await engine.images(`${labels.kind}=${kind}`)).filter(
    // An environment that was replaced while a build used it has lost its name.
    (image) => isOurs(image) || (kind === "environment" && image.tags.length === 0),
  );
  return images.sort((a, b) => b.created.getTime() - a.created.getTime());
}

/** Lists images on standard output. */
export async function list(engine: Engine, kind: Kind, json: boolean): Promise<void> {
  const images = await imagesOfKind(engine, kind);
  if (json) {
    const rows = images.map((image) => ({
      id: image.id,
      tags: image.tags,
      system: image.labels[labels.system],
      created: image.created.toISOString(),
      asOf: image.labels[labels.asOf],
      packages: JSON.parse(image.labels[labels.packages] ?? "[]") as string[],
      size: image.size,
    }));
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const rows = images.map((image) => [
    image.tags[0] ?? image.id.slice(0, 19),
    image.labels[labels.system] ?? "",
    formatAge(Date.now() - image.created.getTime()),
    `${(image.size / 1e6).toFixed(0)} MB`,
    (JSON.parse(image.labels[labels.packages] ?? "[]") as string[]).join(" "),
  ]);
  process.stdout.write(formatTable(["image", "system", "age", "size", "packages"], rows));
}

/** Milliseconds of "30m", "12h", "7d". */
export function parseAge(text: string): number {
  const match = /^(\d+)([mhd])$/.exec(text);
  if (!match) {
    throw new VoyagerError("usage", `'${text}' is not an age`, { remedy: 'write "30m", "12h" or "7d"' });
  }
  const units = { m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

/** Removes images. What a container or another image uses stays. */
export async function prune(
  engine: Engine,
  kind: Kind,
  olderThan: string | undefined,
  log: Log,
): Promise<void> {
  const age = olderThan === undefined ? 0 : parseAge(olderThan);
  let removed = 0;
  let kept = 0;
  // Newest first: an image can only go after those that grew from it.
  for (const image of await imagesOfKind(engine, kind)) {
    if (Date.now() - image.created.getTime() < age) continue;
    const ours = image.tags.filter((tag) => isOurs({ tags: [tag] }));
    const names = ours.length > 0 ? ours : [image.id];
    const results = await Promise.all(names.map((name) => engine.removeImage(name)));
    if (results.every(Boolean)) removed++;
    else kept++;
  }
  log.info(`${kind} images: ${removed} removed${kept > 0 ? `, ${kept} in use and kept` : ""}`);
  if (kind === "environment") await prunePackages(engine, age, log);
}

/** Removes the downloaded packages that the engine keeps, by the age of their volumes. */
async function prunePackages(engine: Engine, age: number, log: Log): Promise<void> {
  const volumes = await engine.volumes(`${labels.kind}=packages`);
  if (volumes.length === 0) return;
  const old = volumes.filter(({ created }) => Date.now() - created.getTime() >= age);
  const results = await Promise.all(old.map(({ name }) => engine.removeVolume(name)));
  const inUse = results.filter((removed) => !removed).length;
  log.info(
    `kept packages: of ${old.length - inUse} systems removed${inUse > 0 ? `, ${inUse} in use and kept` : ""}`,
  );
}
