/**
 * Machines that builds may go to, as Nix's `builders` and Hydra's machines file list them. A build that
 * no machine takes waits for ever and nobody says so: neither Nix nor Hydra, unless Hydra is told to give up.
 */
import { readFileSync } from "node:fs";
import { codeOf, messageOf } from "../common/errors.ts";
import { bad, type Finding, ok } from "./check.ts";

/** The feature that builds ask for. */
export const feature = "docker";

export interface Machine {
  uri: string;
  /** Platforms that it builds for; null: that of whoever asks. */
  systems: string[] | null;
  /** Supported and mandatory features. */
  features: string[];
  /** It takes only builds that ask for all of these. */
  mandatory: string[];
}

const words = (field: string | undefined) =>
  field === undefined || field === "-" ? [] : field.split(",").filter((word) => word !== "");

/** Fields of a line: URI, platforms, key, jobs, speed, features, mandatory features, host key. */
function machineOf(line: string): Machine {
  const [uri = "", systems, , , , supported, mandatory] = line.split(/\s+/);
  return {
    uri,
    systems: systems === undefined || systems === "-" ? null : words(systems),
    features: [...words(supported), ...words(mandatory)],
    mandatory: words(mandatory),
  };
}

/**
 * The machines that a text lists: entries end with a line or a semicolon, "@FILE" stands for what is in
 * that file, which may be missing.
 */
export function parseMachines(text: string, readFile: (path: string) => string = readIfThere): Machine[] {
  const entries = text
    .split("\n")
    .map((line) => line.replace(/#.*/, ""))
    .flatMap((line) => line.split(";"))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return entries.flatMap((entry) =>
    entry.startsWith("@") ? parseMachines(readFile(entry.slice(1)), () => "") : [machineOf(entry)],
  );
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** Whether a machine takes builds of ours for a platform; else what it lacks. */
export function whatLacks({ systems, features, mandatory }: Machine, platform: string): string | null {
  if (systems !== null && !systems.includes(platform)) return `it builds for ${systems.join(", ")} only`;
  if (!features.includes(feature)) return `it has not the feature ${feature}`;
  const others = mandatory.filter((name) => name !== feature);
  return others.length === 0 ? null : `it takes only builds that ask for ${others.join(", ")}`;
}

/** Those of the machines that take builds of ours. */
export function takers(machines: Machine[], platform: string): Machine[] {
  return machines.filter((machine) => whatLacks(machine, platform) === null);
}

/** What to write where no machine takes builds. */
export const machinesRemedy = (origin: string) =>
  `name ${feature} in the sixth field of a machine's line in ${origin}, as in: ssh://builder x86_64-linux - 4 1 ${feature}; that machine's own nix.conf needs extra-system-features = ${feature}, too`;

/** A finding for each machine of a machines file that was named, and one if none takes builds. */
export function checkMachinesFile(file: string, platform: string): Finding[] {
  const name = "machines";
  let machines: Machine[];
  try {
    machines = parseMachines(readFileSync(file, "utf8"));
  } catch (error) {
    return [
      bad(
        name,
        `${file} cannot be read: ${messageOf(error)}`,
        "name the file that Hydra reads: --machines FILE",
      ),
    ];
  }
  const taking = takers(machines, platform).map(({ uri }) => uri);
  if (taking.length > 0) return [ok(name, `builds that ask for ${feature} go to ${taking.join(", ")}`)];
  const lacking = machines.map((machine) => `${machine.uri}: ${whatLacks(machine, platform)}`);
  const detail =
    machines.length === 0
      ? `${file} lists none`
      : `none of ${file} takes builds that ask for ${feature} on ${platform} (${lacking.join("; ")})`;
  return [bad(name, `${detail}: such builds are queued in silence`, machinesRemedy(file))];
}
