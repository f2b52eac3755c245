/** Checks of Nix: is it there, does it know the feature, does its sandbox let builds out. */
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { sandboxSocket } from "../engine/locate.ts";
import { bad, type Finding, ok, warning } from "./check.ts";
import { type RemoteBuilder, readRemoteBuilders } from "./remote-builders.ts";

/** The part of Nix's configuration that matters here. */
export interface NixConfig {
  version: string;
  systemFeatures: string[];
  sandbox: string;
  sandboxPaths: string[];
  remoteBuilders: RemoteBuilder[];
}

function run(command: string, args: string[]): string | null {
  const result = spawnSync(command, args, { encoding: "utf8" });
  return result.status === 0 ? result.stdout : null;
}

/** Nix's own answer to what it is set to; null when there is no Nix. */
export function readNixConfig(): NixConfig | null {
  const version = run("nix", ["--version"]);
  // The name of the command changed in Nix 2.20.
  const features = ["--extra-experimental-features", "nix-command"];
  const shown =
    run("nix", [...features, "config", "show", "--json"]) ??
    run("nix", [...features, "show-config", "--json"]);
  if (version === null || shown === null) return null;
  const settings = JSON.parse(shown) as Record<string, { value: unknown } | undefined>;
  const list = (name: string) => {
    const value = settings[name]?.value;
    return Array.isArray(value) ? value.map(String) : [];
  };
  return {
    version: version.trim(),
    systemFeatures: list("system-features"),
    sandbox: String(settings.sandbox?.value),
    sandboxPaths: list("sandbox-paths"),
    remoteBuilders: readRemoteBuilders(String(settings.builders?.value ?? "")),
  };
}

export function isSandboxed(config: NixConfig | null): boolean {
  return config !== null && config.sandbox !== "false";
}

/** All findings about Nix. */
export function checkNix(config: NixConfig | null): Finding[] {
  if (!config) {
    return [
      bad("nix", "not installed, or not on PATH", "apt-get install nix-bin, or run ./setup/quickstart"),
    ];
  }
  return [ok("nix", config.version), checkFeature(config), checkSandbox(config)];
}

function checkFeature({ systemFeatures }: NixConfig): Finding {
  if (systemFeatures.includes("docker")) return ok("nix feature", "system-features has docker");
  return bad(
    "nix feature",
    `system-features is ${systemFeatures.join(" ")}: Nix refuses builds that require docker, or queues them in silence`,
    "nix.conf: extra-system-features = docker (then restart nix-daemon); or have a remote builder with it (docs/remote.md)",
  );
}

function checkSandbox(config: NixConfig): Finding {
  const folder = dirname(sandboxSocket);
  if (!isSandboxed(config)) {
    return warning(
      "nix sandbox",
      "off: builds see the whole machine",
      "nix.conf: sandbox = true, extra-sandbox-paths = /run/nix-voyager?",
    );
  }
  const hasSocket = config.sandboxPaths.some((path) => {
    const inside = path.replace(/\?$/, "").split("=")[0] ?? "";
    return inside === folder || inside === sandboxSocket;
  });
  if (hasSocket) return ok("nix sandbox", `on, with ${folder} in it`);
  return bad(
    "nix sandbox",
    "on, but builds cannot see the engine's socket",
    `nix.conf: extra-sandbox-paths = ${folder}? (then restart nix-daemon)`,
  );
}
