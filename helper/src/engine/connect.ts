/** The engine that commands use. The only place that knows which implementations there are. */
import type { Log } from "../common/log.ts";
import { DockerEngine } from "./docker/docker-engine.ts";
import type { Engine } from "./engine.ts";
import { locate } from "./locate.ts";

/**
 * @param explicit address from the command line; otherwise the first engine that is found
 * @param log told of each request, at level debug
 */
export function connect(explicit?: string, log?: Log): Engine {
  return new DockerEngine(locate(process.env, explicit).address, ({ method, path, seconds }) => {
    const short = path.replace(/[0-9a-f]{64}/, (id) => id.slice(0, 12));
    log?.debug({ seconds }, `engine: ${method} ${short}`);
  });
}
