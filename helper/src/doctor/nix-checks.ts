/** Checks of Nix: is it there, does it know the feature, does its sandbox let builds out. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { brokerSocket, sandboxSocket } from "../engine/locate.ts";
import { bad, type Finding, ok, warning } from "./check.ts";
import { feature, machinesRemedy, parseMachines, takers } from "./machines.ts";

/** The part of Nix's configuration that matters here. */
export interface NixConfig {
  version: string;
  systemFeatures: string[];
  sandbox: string;
  sandboxPaths: string[];
  /** Empty: builds run as who starts them. */
  buildUsersGroup: string;
  /** This machine's platform: "x86_64-linux". */
  platform: string;
  /** The setting `builders`: other machines to build on. */
  builders: string;
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
    buildUsersGroup: String(settings["build-users-group"]?.value ?? ""),
    platform: String(settings.system?.value),
    builders: String(settings.builders?.value ?? ""),
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
  const here = buildsHere(config) ? [checkSandbox(config), ...checkBuildUsers(config)] : [];
  return [ok("nix", config.version), checkFeature(config), ...here];
}

/** Whether this machine itself builds what asks for an engine; if not, other machines may. */
export function buildsHere(config: NixConfig | null): boolean {
  return config === null || config.systemFeatures.includes(feature) || remoteTakers(config).length === 0;
}

function remoteTakers({ builders, platform }: NixConfig): string[] {
  return takers(parseMachines(builders), platform).map(({ uri }) => uri);
}

function checkFeature(config: NixConfig): Finding {
  const name = "nix feature";
  if (config.systemFeatures.includes(feature)) return ok(name, `system-features has ${feature}`);
  const remote = remoteTakers(config);
  if (remote.length > 0) return ok(name, `builds go to ${remote.join(", ")}, which has ${feature}`);
  const others = parseMachines(config.builders);
  const also =
    others.length === 0 ? "" : `, and none of ${others.map(({ uri }) => uri).join(", ")} takes them`;
  return bad(
    name,
    `system-features is ${config.systemFeatures.join(" ")}${also}: Nix refuses builds that require ${feature}, or queues them in silence`,
    `nix.conf: extra-system-features = ${feature} (then restart nix-daemon)${others.length === 0 ? "" : `; or ${machinesRemedy("builders")}`}`,
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

/** The broker serves build users only: root, as who Nix builds without them, would have containers run as root. */
export function checkBuildUsers({ buildUsersGroup }: NixConfig, broker = brokerSocket): Finding[] {
  if (buildUsersGroup !== "" || !existsSync(broker)) return [];
  return [
    bad(
      "build users",
      "build-users-group is empty, so builds run as who starts them, and the broker refuses root",
      "nix.conf: build-users-group = nixbld (and restart nix-daemon)",
    ),
  ];
}
