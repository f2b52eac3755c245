/** A broker of the bench's own, which makes environments of any system: of one that is new, nothing was made before. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./command.mjs";
import { root } from "./nix.mjs";

let started = null;

/**
 * Starts it, unless it runs already.
 *
 * @returns {Promise<void>}
 */
export async function startBroker() {
  if (started) return;
  const folder = mkdtempSync(join(tmpdir(), "voyager-bench-broker-"));
  chmodSync(folder, 0o755);
  const policy = join(folder, "policy.json");
  writeFileSync(policy, '{ "systems": "any" }');
  const [command] = (await run(["nix-build", "--no-out-link", root, "-A", "voyager"])).stdout
    .trim()
    .split("\n");
  const socket = join(folder, "broker.sock");
  const files = ["--socket", socket, "--policy", policy, "--trail", join(folder, "trail")];
  const args = [
    "--engine",
    "unix:///var/run/docker.sock",
    "broker",
    ...files,
    "--mounts",
    join(folder, "mounts"),
  ];
  const child = spawn(join(command, "bin/voyager"), args, { stdio: ["ignore", "ignore", "inherit"] });
  started = { folder, child };
  while (!existsSync(socket)) {
    if (child.exitCode !== null)
      throw new Error("the broker of the bench did not start: its message is above");
    await sleep(20);
  }
}

/** Options by which nix-build lets this broker into the sandbox, and nothing else. @returns {string[]} */
export function brokerOptions() {
  if (!started) throw new Error("the broker of the bench was not started");
  return ["--option", "sandbox-paths", `/run/nix-voyager=${started.folder}`];
}

/** Ends it, if it runs. */
export async function stopBroker() {
  if (!started) return;
  const { folder, child } = started;
  started = null;
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
