/** What the engine says of one image, or of one container. */
import type * as v from "valibot";
import type { Image } from "../engine.ts";
import { containerAnswer, type ContainerAnswer, imageAnswer, type ImageAnswer } from "./answers.ts";
import { type Connection, EngineRefusal } from "./connection.ts";
import { explain } from "./explain.ts";

export function toImage(answer: ImageAnswer): Image {
  return {
    id: answer.Id,
    tags: (answer.RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
    labels: answer.Config?.Labels ?? answer.Labels ?? {},
    // The list has seconds, the inspection a date.
    created: new Date(typeof answer.Created === "number" ? answer.Created * 1000 : answer.Created),
    size: answer.Size,
  };
}

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
    if (error instanceof EngineRefusal && error.status === 404) return null;
    throw explain(doing, error);
  }
}
