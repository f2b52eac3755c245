/** A container of a system that goes on running, to be asked as a build's container is. */
import { spawn } from "node:child_process";
import { apt } from "../../helper/src/environment/apt.ts";
import type { Ask } from "../../helper/src/linkage/resolve/ask.ts";
import { must, run } from "./run.ts";
import { targetImage } from "./target.ts";

export interface SystemContainer {
  /** As the build's user. */
  ask: Ask;
  /** Runs a script as root; resolves with its output. */
  asRoot(script: string): Promise<string>;
  remove(): Promise<void>;
}

let started = 0;

/** Starts one with these packages and a library index, made by `indexScript`; `folder` is shared with it. */
export async function systemContainer(
  packages: string[],
  folder: string,
  indexScript = apt.indexScript(),
): Promise<SystemContainer> {
  const name = `voyager-test-system-${process.pid}-${started++}`;
  const image = await targetImage(packages);
  const volume = `${folder}:${folder}`;
  await must("docker", [
    ...["run", "--detach", "--rm", "--init", "--network", "none", "--name", name, "--volume", volume],
    ...[image, "sleep", "600"],
  ]);
  const asRoot = (script: string) => must("docker", ["exec", name, "sh", "-ec", script]);
  await asRoot(indexScript);
  return {
    ask: (script) => askContainer(name, script),
    asRoot,
    remove: async () => {
      await run("docker", ["rm", "--force", name]);
    },
  };
}

function askContainer(name: string, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = ["exec", "--interactive", "--user", "1000:100", name, "sh"];
    const child = spawn("docker", command, { stdio: ["pipe", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    // What a build may have set must not count.
    const environment = "export LD_LIBRARY_PATH=/hidden LD_PRELOAD=/hidden/x.so\n";
    child.stdin.end(Buffer.from(script.replace(/^/, environment), "latin1"));
  });
}
