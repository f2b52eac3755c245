/** How long the helper takes until it first asks the engine something. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import { buildTop } from "../helper.mjs";
import { describe, helperCommand } from "../nix.mjs";

/** Starts the helper on a socket where nobody answers. Resolves with the seconds to its first byte. */
async function firstRequest([program, ...args], top, socket) {
  const server = createServer().listen(socket);
  await once(server, "listening");
  const started = performance.now();
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}`, NIX_BUILD_TOP: top };
  const child = spawn(program, [...args, "build"], { env, stdio: "ignore" });
  const ended = once(child, "exit");
  const asked = once(server, "connection").then(async ([connection]) => {
    await once(connection, "data");
    return connection;
  });
  const connection = await Promise.race([asked, ended.then(() => null)]);
  const seconds = (performance.now() - started) / 1000;
  if (!connection) throw new Error("the helper ended without asking the engine");
  child.kill("SIGKILL");
  await ended;
  connection.destroy();
  server.close();
  return seconds;
}

export const helperStart = {
  name: "helper-start",
  title: "the helper, process start to first engine request, against node -e 0",
  how: "The same Node on both sides. The helper has read and checked its spec by then.",
  claims: [{ ours: "helper", peer: "node", target: 2 }],
  atLeast: 21,

  async prepare(temporary) {
    const { spec, closure } = await describe("voyager.bcryptWheel");
    const command = await helperCommand();
    const node = [...command.slice(0, -1), "-e", "0"];
    const paths = closure.map((path) => ({ path, narSize: 0 }));
    const helper = async () => {
      const { top } = buildTop(temporary, spec, paths);
      const seconds = await firstRequest(command, top, join(top, "engine.sock"));
      rmSync(top, { recursive: true, force: true });
      return seconds;
    };
    return {
      sides: {
        helper: { label: "helper", command: shellLine([...command, "build"]), run: helper },
        node: {
          label: "node -e 0",
          command: shellLine(node),
          run: async () => (await run(node)).seconds,
        },
      },
    };
  },
};
