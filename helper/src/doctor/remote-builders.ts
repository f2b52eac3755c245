/** Nix's remote builders: a machine that hands its builds to others needs no engine. */
import { existsSync, readFileSync } from "node:fs";
import { type Finding, ok } from "./check.ts";
import type { NixConfig } from "./nix-checks.ts";

/** A machine that Nix hands builds to. */
export interface RemoteBuilder {
  /** Such as "ssh-ng://user@host". */
  address: string;
  /** System features that builds may require there. */
  features: string[];
}

/**
 * The machines of Nix's setting `builders`, of which each is a line or ends with ";": its address, platforms,
 * key, jobs, speed, features, and features that builds must require. "@FILE" stands for the lines of a file.
 */
export function readRemoteBuilders(setting: string): RemoteBuilder[] {
  return setting.split(/[\n;]/).flatMap((line) => {
    const text = line.replace(/#.*/, "").trim();
    if (text === "") return [];
    if (text.startsWith("@")) {
      const file = text.slice(1);
      return existsSync(file) ? readRemoteBuilders(readFileSync(file, "utf8")) : [];
    }
    const [address = "", , , , , ...lists] = text.split(/\s+/);
    const features = lists.slice(0, 2).flatMap((list) => (list === "-" ? [] : list.split(",")));
    return [{ address, features }];
  });
}

/** What is to be said of a machine that leaves our builds to others; null when it builds itself. */
export function checkCoordinator({ systemFeatures, remoteBuilders, version }: NixConfig): Finding[] | null {
  const able = remoteBuilders.filter(({ features }) => features.includes("docker"));
  if (systemFeatures.includes("docker") || able.length === 0) return null;
  const addresses = able.map(({ address }) => address).join(", ");
  return [
    ok("nix", version),
    ok("remote builders", `builds that require docker go to ${addresses}: run voyager doctor there, too`),
    ok("engine", "none is needed here, as this machine has not the feature docker itself"),
  ];
}
