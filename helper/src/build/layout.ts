/** How a build sees its container: folders, variables, control files. docs/builds.md documents it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { EnvironmentRecord } from "../environment/record.ts";
import type { Attributes } from "../spec/spec.ts";
import { variablesOf } from "../spec/variables.ts";
import { accountFiles, type Identity } from "../transfer/identity.ts";

/** The build folder inside the container. */
export const buildFolder = "/build";
/** Control files, below the build folder. */
export const controlFolder = ".voyager";

/** Where the system has its programs. */
export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * 1980-01-01, the first moment that zip files can express: what reproducible builds take when the
 * source names no date (https://reproducible-builds.org/specs/source-date-epoch/).
 */
const sourceDateEpoch = "315532800";

/** Where the script finds an output: its final store path, or a file that is moved there later. */
export function outputPaths(attributes: Attributes): Record<string, string> {
  if (attributes.voyager.result === "directory") return attributes.outputs;
  return Object.fromEntries(
    Object.keys(attributes.outputs).map((name) => [name, `${buildFolder}/result-${name}`]),
  );
}

/** Variables of the build script. What the spec gives comes last, so a user can override. */
export function buildVariables(
  attributes: Attributes,
  nixEnvironment: NodeJS.ProcessEnv,
): Record<string, string> {
  const { voyager: spec } = attributes;
  const handedOn = Object.fromEntries(
    spec.impureEnv.map((name) => [name, nixEnvironment[name] ?? ""]).filter(([, value]) => value !== ""),
  );
  const cores = Number(nixEnvironment.NIX_BUILD_CORES ?? 0);
  return {
    PATH: [...spec.path.map((path) => `${path}/bin`), systemPath].join(":"),
    HOME: `${buildFolder}/home`,
    TMPDIR: `${buildFolder}/tmp`,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: sourceDateEpoch,
    // 0 means "all" to Nix.
    NIX_BUILD_CORES: String(cores > 0 ? cores : availableParallelism()),
    name: spec.name,
    ...(spec.src === null ? {} : { src: spec.src }),
    patches: spec.patches.join(" "),
    outputs: Object.keys(attributes.outputs).join(" "),
    ...outputPaths(attributes),
    ...handedOn,
    ...variablesOf(spec),
  };
}

/** Names that programs expect to be known without a network. */
const hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

/** Files that a build finds in /etc instead of the environment's. */
export const etcNames = ["passwd", "group", "hosts"] as const;

/**
 * Files that a build finds in /etc instead of the environment's: name → content. With a network the
 * engine itself writes the names of hosts.
 */
export function etcFiles(
  { voyager: { network } }: Attributes,
  record: EnvironmentRecord,
  identity: Identity,
): Partial<Record<(typeof etcNames)[number], string>> {
  return { ...accountFiles(record, identity), ...(network ? {} : { hosts }) };
}

/** Makes what becomes /build: folders and control files. Modes do not depend on our umask. */
export function makeBuildFolder(folder: string, attributes: Attributes): void {
  for (const name of ["", "source", "tmp", "home", controlFolder]) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  }
  writeFileSync(join(folder, controlFolder, "build-script"), attributes.voyager.buildScript, {
    mode: 0o644,
  });
}
