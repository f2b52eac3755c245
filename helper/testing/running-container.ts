/** A container of a played engine, whose output and end the test plays. */
import { PassThrough } from "node:stream";
import { Connection } from "../src/engine/docker/connection.ts";
import { DockerContainer } from "../src/engine/docker/container.ts";
import { FakeDaemon } from "./fake-daemon.ts";

/** Container "c1" and what is around it. @param answerTimeout milliseconds; the engine's own when not given */
export async function runningContainer(answerTimeout?: number) {
  const daemon = await new FakeDaemon().listen();
  /** Its input and output. */
  const attached = new PassThrough();
  /** The answer that tells how it ended. */
  const waiting = new PassThrough();
  const connection = new Connection(daemon.address, () => {}, answerTimeout);
  const container = new DockerContainer(connection, "c1", attached, waiting, () => {});
  return { daemon, attached, waiting, container };
}
