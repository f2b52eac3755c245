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
  hasAll: true,
  async start() {
    const socketFolder = mkdtempSync(join(tmpdir(), "voyager-engine-"));
    mustSync("chmod", ["755", socketFolder]);
    const shared = mkdtempSync(join(tmpdir(), "voyager-shared-"));
    // Of a file system of its own, while the store is on the root's: where it is mounted has to be guessed.
    const apart = mkdtempSync("/run/voyager-apart-");
    mustSync("mount", ["-t", "tmpfs", "-o", "size=16m", "voyager-test", apart]);
    const proxy = await EngineProxy.start(socketIn(socketFolder), {});
    return {
      address: `unix://${socketIn(socketFolder)}`,
      socketFolder,
      shared,
      apart,
      asUser: [],
      hasOthers: true,
      memoryMessage: /needs more memory than its limit of 64 MiB/,
      stop: async () => {
        await proxy.stop();
        mustSync("umount", [apart]);
        for (const folder of [socketFolder, shared, apart]) rmSync(folder, { recursive: true });
      },
    };
  },
};
