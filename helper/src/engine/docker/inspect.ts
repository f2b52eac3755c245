/** What the engine says of one image, or of one container. */
import type * as v from "valibot";
import { containerAnswer, type ContainerAnswer, imageAnswer, type ImageAnswer } from "./answers.ts";
import type { Connection } from "./connection.ts";
import { isGone } from "./dialect.ts";
import { explain } from "./explain.ts";

/** The image with this tag, digest or id; null when there is none. */
export function inspectImage(connection: Connection, reference: string): Promise<ImageAnswer | null> {
  return inspected(connection, `/images/${reference}/json`, imageAnswer, `inspecting image ${reference}`);
}

/** The container with this name or id; null when there is none. */
export function inspectContainer(connection: Connection, name: string): Promise<ContainerAnswer | null> {
  const path = `/containers/${encodeURIComponent(name)}/json`;
  return inspected(connection, path, containerAnswer, `inspecting container ${name}`);
}

async function inspected<S extends v.GenericSchema>(
  connection: Connection,
  path: string,
  schema: S,
  doing: string,
): Promise<v.InferOutput<S> | null> {
  try {
    return await connection.answer({ method: "GET", path }, schema);
  } catch (error) {
    if (isGone(error)) return null;
    throw explain(doing, error);
  }
}
