/** What may be left on a Docker engine of builds that could not tidy up. */
import * as v from "valibot";
import type { IdleContainer, Image } from "../engine.ts";
import { created } from "./answers.ts";
import type { Connection } from "./connection.ts";
import { imageComment } from "./container.ts";
import { dialectOf } from "./dialect.ts";
import { explain } from "./explain.ts";
import { inspectContainer, inspectImage } from "./inspect.ts";

/** See `Engine.idleContainers`. */
export async function idleContainers(connection: Connection, label: string): Promise<IdleContainer[]> {
  const filters = { label: [label], status: dialectOf(connection.server).idleStates };
  const ids = await listed(connection, "/containers/json", { all: true }, filters);
  const all = await Promise.all(ids.map((id) => inspectContainer(connection, id)));
  return all.flatMap((one) => {
    // Whoever starts a container of an image of ours by hand gets its labels.
    if (!one || one.State.Running || !one.HostConfig?.AutoRemove) return [];
    const since = Math.max(...[one.Created, one.State.FinishedAt].map((date) => Date.parse(date) || 0));
    return [{ id: one.Id, labels: one.Config?.Labels ?? {}, since: new Date(since) }];
  });
}

/** See `Engine.unnamedImages`. */
export async function unnamedImages(connection: Connection, label: string): Promise<Image[]> {
  const ids = await listed(connection, "/images/json", {}, { label: [label], dangling: ["true"] });
  const all = await Promise.all(ids.map((id) => inspectImage(connection, id)));
  return all.flatMap((one) =>
    one?.Comment === imageComment ? [dialectOf(connection.server).image(one)] : [],
  );
}

async function listed(
  connection: Connection,
  path: string,
  query: Record<string, boolean>,
  filters: Record<string, string[]>,
): Promise<string[]> {
  try {
    const whole = { ...query, filters: JSON.stringify(filters) };
    const answers = await connection.answer({ method: "GET", path, query: whole }, v.array(created));
    return answers.map(({ Id }) => Id);
  } catch (error) {
    throw explain("looking for what is left", error);
  }
}
