/** What the figures were measured on. */
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem } from "node:os";
import { run } from "./command.mjs";
import { helperCommand, root } from "./nix.mjs";

/** The first line that a program prints, or "unknown". */
async function say(command) {
  try {
    return (await run(command)).stdout.trim().split("\n")[0] ?? "unknown";
  } catch {
    return "unknown";
  }
}

function distribution() {
  const text = readFileSync("/etc/os-release", "utf8");
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? "unknown";
}

async function nixSetting(name) {
  try {
    const command = ["nix", "--extra-experimental-features", "nix-command", "show-config", "--json"];
    return String(JSON.parse((await run(command)).stdout)[name].value);
  } catch {
    return "unknown";
  }
}

/**
 * Describes the machine and the versions of all that is measured.
 *
 * @returns {Promise<Record<string, string>>}
 */
export async function describeMachine() {
  const processors = cpus();
  const node = (await helperCommand()).slice(0, -1);
  const changes = await say(["git", "-C", root, "status", "--porcelain", "--untracked-files=no"]);
  const commit = await say(["git", "-C", root, "rev-parse", "--short", "HEAD"]);
  return {
    processor: `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"} (${arch()})`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${distribution()}, Linux ${release()}`,
    "file system of the store": await say(["stat", "--file-system", "--format", "%T", "/nix/store"]),
    nix: `${await say(["nix", "--version"])}, sandbox ${await nixSetting("sandbox")}, substituters: ${(await nixSetting("substituters")) || "none"}`,
    engine: await say([
      "docker",
      "info",
      "--format",
      "Docker {{.ServerVersion}}, {{.Driver}}, {{.DefaultRuntime}}",
    ]),
    "docker command": await say(["docker", "--version"]),
    "node of the helper": await say([...node, "--version"]),
    "node of the benchmark": process.version,
    "nix-voyager": changes === "" || changes === "unknown" ? commit : `${commit} and changes`,
  };
}

/** Processes that wanted to run, on average over the last minute: the machine should be quiet. */
export function load() {
  return loadavg()[0] ?? 0;
}
