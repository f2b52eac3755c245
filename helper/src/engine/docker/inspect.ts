/** What the engine says of one image, or of one container. */
import type { Image } from "../engine.ts";
import { type Connection, EngineRefusal } from "./connection.ts";
import { explain } from "./explain.ts";

/** An image, in a list or by itself. */
export interface ImageAnswer {
  Id: string;
  RepoTags: string[] | null;
  Created: string | number;
  Size: number;
  Labels?: Record<string, string> | null;
  /** Only by itself, as is what follows. */
  Config?: { Labels?: Record<string, string> | null };
  Comment?: string;
}

/** A container by itself. */
export interface ContainerAnswer {
  Id: string;
  Created: string;
  State: { Running: boolean; FinishedAt: string };
  Config: { Labels: Record<string, string> | null };
  HostConfig: { AutoRemove: boolean };
}

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
export async function inspectImage(connection: Connection, reference: string): Promise<ImageAnswer | null> {
  const answer = await inspected(connection, `/images/${reference}/json`, `inspecting image ${reference}`);
  return answer as ImageAnswer | null;
}

/** The container with this name or id; null when there is none. */
export async function inspectContainer(
  connection: Connection,
  name: string,
): Promise<ContainerAnswer | null> {
  const path = `/containers/${encodeURIComponent(name)}/json`;
  return (await inspected(connection, path, `inspecting container ${name}`)) as ContainerAnswer | null;
}

async function inspected(connection: Connection, path: string, doing: string): Promise<unknown> {
  try {
    return await connection.json({ method: "GET", path });
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return null;
    throw explain(doing, error);
  }
}
