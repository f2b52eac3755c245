/**
 * Errors are part of the interface: what happened, to which thing, why, and what to do about it.
 * Each kind has its own exit code; docs/errors.md is generated from this table.
 */

/** Kinds of failure, their exit codes, and what they mean. */
export const failureKinds = {
  internal: { exitCode: 70, meaning: "a defect of nix-voyager itself; please report it" },
  usage: { exitCode: 64, meaning: "the command line is not understood" },
  spec: { exitCode: 65, meaning: "the build description is not valid" },
  source: {
    exitCode: 66,
    meaning: "the source cannot be fetched, unpacked, patched or built as what it is declared to be",
  },
  "engine-unavailable": {
    exitCode: 69,
    meaning: "no engine answers: not running, wrong socket, or permission denied",
  },
  engine: { exitCode: 71, meaning: "the engine refused or broke off a request" },
  image: { exitCode: 72, meaning: "the base image is missing and cannot be had" },
  environment: { exitCode: 73, meaning: "the environment could not be made, exported or imported" },
  transfer: { exitCode: 74, meaning: "files could not be moved into or out of the container" },
  build: { exitCode: 1, meaning: "the build script failed" },
  killed: { exitCode: 75, meaning: "the build was killed: a signal, the memory limit or a time limit" },
  output: { exitCode: 76, meaning: "the build left no output, or one that Nix must not get" },
  linkage: { exitCode: 77, meaning: "the build links to what the rules of linkage forbid" },
  record: { exitCode: 78, meaning: "a record of a delivery cannot be read, or is not what it should be" },
  affected: { exitCode: 4, meaning: "`voyager affected` found deliveries that must be built again" },
  "not-linked": { exitCode: 5, meaning: "`voyager affected` found no delivery that has the package at all" },
  verify: { exitCode: 6, meaning: "`voyager verify` found that the system lacks something" },
  stale: { exitCode: 7, meaning: "`voyager stale` found deliveries that were built with older packages" },
  unknown: { exitCode: 8, meaning: "of some deliveries the question cannot be answered; they are named" },
  provenance: {
    exitCode: 9,
    meaning: "`voyager provenance --verify`: not signed by the key, or not about these files",
  },
  publish: {
    exitCode: 10,
    meaning: "`voyager publish`: the binary cache has not all of it, or has other files by the same names",
  },
  test: {
    exitCode: 79,
    meaning: "a test that ended well tells of failures, or loaded what no linkage report has",
  },
  aggregate: {
    exitCode: 81,
    meaning: "a release is held back: a part of it failed, or its linkage is not proven",
  },
  doctor: { exitCode: 3, meaning: "`voyager doctor` found something that prevents builds" },
} as const;

/** One of the documented kinds of failure. */
export type FailureKind = keyof typeof failureKinds;

/** A failure that a person can act on. Anything else that is thrown is a defect. */
export class VoyagerError extends Error {
  /** All that the program has printed that failed, for the log. */
  said = "";

  /**
   * @param kind decides the exit code
   * @param what what happened, to which thing; one line
   * @param details `why`: the cause, may have several lines; `remedy`: what to do about it
   */
  constructor(
    readonly kind: FailureKind,
    readonly what: string,
    readonly details: { why?: string; remedy?: string; cause?: unknown } = {},
  ) {
    super(what, { cause: details.cause });
    this.name = "VoyagerError";
  }

  get exitCode(): number {
    return failureKinds[this.kind].exitCode;
  }

  /** The message as people see it. */
  render(): string {
    const indent = (text: string) => text.trimEnd().split("\n").join("\n          ");
    let text = `nix-voyager: error: ${this.what}`;
    if (this.details.why) text += `\n  why:    ${indent(this.details.why)}`;
    if (this.details.remedy) text += `\n  remedy: ${indent(this.details.remedy)}`;
    return text;
  }
}

/** The message of whatever was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `code` of a system error ("ENOENT"), or undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Turns whatever was thrown into an error with an exit code. */
export function asVoyagerError(error: unknown): VoyagerError {
  if (error instanceof VoyagerError) return error;
  if (codeOf(error) === "ENOSPC") {
    return new VoyagerError("transfer", "a disk is full", {
      why: messageOf(error),
      remedy: "`voyager doctor` shows the free space of the store, the build folder and the engine",
      cause: error,
    });
  }
  return new VoyagerError("internal", messageOf(error), {
    why: error instanceof Error ? error.stack : undefined,
    cause: error,
  });
}
