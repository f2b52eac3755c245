/** The engine that commands use. The only place that knows which implementations there are. */
import type { Log } from "../common/log.ts";
import type { RequestObserver } from "./docker/connection.ts";
import { DockerEngine } from "./docker/docker-engine.ts";
import type { Engine } from "./engine.ts";
import { locate } from "./locate.ts";

/**
 * @param explicit address from the command line; otherwise the first engine that is found
 * @param log told of each request, at level debug
 * @param answerTimeout seconds in which it must answer what it can answer at once
 */
export function connect(explicit?: string, log?: Log, answerTimeout?: number): Engine {
  const observe: RequestObserver = ({ method, path, seconds }) => {
    const short = path.replace(/[0-9a-f]{64}/, (id) => id.slice(0, 12));
    log?.debug({ seconds }, `engine: ${method} ${short}`);
  };
  const milliseconds = answerTimeout && answerTimeout * 1000;
  return new DockerEngine(locate(process.env, explicit).address, observe, milliseconds);
}
