/** The engine that this machine has. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineProxy } from "../support/engine-proxy.ts";
import { mustSync } from "../support/run.ts";
import { socketIn, type Way } from "./engine.ts";

export const machine: Way = {
  name: "the machine's own Docker",
  binds: true,
  async start() {
    const socketFolder = mkdtempSync(join(tmpdir(), "voyager-engine-"));
    mustSync("chmod", ["755", socketFolder]);
    const shared = mkdtempSync(join(tmpdir(), "voyager-shared-"));
    // Nobody looks for a build folder on a file system that is mounted here.
    const unshared = mkdtempSync("/run/voyager-unshared-");
    mustSync("mount", ["-t", "tmpfs", "-o", "size=16m", "voyager-test", unshared]);
    const proxy = await EngineProxy.start(socketIn(socketFolder), {});
    return {
      address: `unix://${socketIn(socketFolder)}`,
      socketFolder,
      shared,
      unshared,
      asUser: [],
      hasOthers: true,
      memoryMessage: /needs more memory than its limit of 64 MiB/,
      stop: async () => {
        await proxy.stop();
        mustSync("umount", [unshared]);
        for (const folder of [socketFolder, shared, unshared]) rmSync(folder, { recursive: true });
      },
    };
  },
};
