/** The engine that commands use. The only place that knows which implementations there are. */
import { DockerEngine } from "./docker/docker-engine.ts";
import type { Engine } from "./engine.ts";
import { locate } from "./locate.ts";

/** @param explicit address from the command line; otherwise the first engine that is found */
export function connect(explicit?: string): Engine {
  return new DockerEngine(locate(process.env, explicit).address);
}
