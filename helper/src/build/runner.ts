/** What both ways of running a build share: see run-with-binds.ts and run-streamed.ts. */
import type { Log } from "../common/log.ts";
import type { Environment } from "../environment/environments.ts";
import type { Ask } from "../linkage/resolve/ask.ts";
import type { Attributes } from "../spec/spec.ts";
import type { BuildContainer, BuildEngine } from "./build-engine.ts";
import type { OutputLog } from "./output-log.ts";

/** A build that is about to run. */
export interface Build {
  engine: BuildEngine;
  environment: Environment;
  attributes: Attributes;
  variables: Record<string, string>;
  /** Our folder that is, or becomes, /build. */
  folder: string;
  output: OutputLog;
  log: Log;
  /** Run when the script has started: gets ready what `afterwards` will need. */
  meanwhile: () => void;
  /**
   * Run when the script has succeeded, its outputs are at their final paths, and the container is still
   * there. Resolves with the work that is left and does not need the container.
   */
  afterwards: (room: AuditRoom) => Promise<() => Promise<void>>;
}

/** The container of a build that has ended well, in which nothing of the build runs any more. */
export interface AuditRoom {
  /** An empty folder of ours, for files that scripts are to find. */
  here: string;
  /** The same folder as the container sees it, once a script runs. */
  inside: string;
  ask: Ask;
  /** Says that nothing more will be asked, so that the container can end while the rest is done. */
  leave(): Promise<void>;
}

/** How the script ended. Outputs are in place when the status is 0. */
export interface Outcome {
  status: number;
  container: BuildContainer;
}

/** Name of the folder that `AuditRoom` speaks of, below the build folder. */
export const auditFolder = ".nix-voyager-audit";

/** The program that a build runs. */
export function stageCommand(build: Build): string[] {
  return ["bash", build.attributes.voyager.stage];
}
