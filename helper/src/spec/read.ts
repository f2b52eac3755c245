/** Reads and validates what Nix hands a build. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { type Attributes, attributesSchema, specVersion, type System, systemSchema } from "./spec.ts";

/** The problems that validation found, a line each. */
export function describeIssues(issues: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  return issues
    .slice(0, 10)
    .map((issue) => `${v.getDotPath(issue) ?? "(whole)"}: ${issue.message}`)
    .join("\n");
}

/** Names that the validator leaves out of a record without a word, as they mean something to JavaScript. */
const unusable = new Set(["__proto__", "constructor", "prototype"]);

/** What is wrong with names of their maker's choice, a line; null when nothing is. */
function namesProblem({ voyager, outputs }: Attributes): string | null {
  const { env, settings } = voyager;
  for (const [path, record] of Object.entries({
    "voyager.env": env,
    "voyager.settings": settings,
    outputs,
  })) {
    if (Array.isArray(record)) return `${path}: expected names, got a list`;
    const name = Object.keys(record).find((one) => unusable.has(one));
    if (name !== undefined) return `${path}.${name}: this name cannot be used`;
  }
  return null;
}

/** Validates the parsed `.attrs.json` of a derivation. Throws a `spec` error naming each field. */
export function parseAttributes(json: unknown): Attributes {
  const version = (json as { voyager?: { version?: unknown } } | null)?.voyager?.version;
  if (typeof version === "number" && version !== specVersion) {
    throw new VoyagerError("spec", `this helper reads spec version ${specVersion}, not ${version}`, {
      remedy: "import lib/ and the helper from the same nix-voyager",
    });
  }
  const result = v.safeParse(attributesSchema, json);
  if (!result.success) {
    throw new VoyagerError("spec", "the build description is not valid", {
      why: describeIssues(result.issues),
      remedy: "make derivations with voyager.lib; it checks its arguments at evaluation",
    });
  }
  // What was read may have lost them; what was given is of the same shape.
  const problem = namesProblem(json as Attributes);
  if (problem !== null) {
    throw new VoyagerError("spec", "the build description is not valid", {
      why: problem,
      remedy: "lib/ writes it: have helper and lib/ come from the same nix-voyager, and report it if they do",
    });
  }
  if (result.output.voyager.network && result.output.outputHash === undefined) {
    throw new VoyagerError("spec", `${result.output.voyager.name} asks for network`, {
      why: "only a fixed-output derivation may use the network while it builds",
      remedy: "fetch sources beforehand, for example with voyager.lib.fetchPypi",
    });
  }
  return result.output;
}

/** Reads the attributes of the derivation that Nix is building. */
export function readAttributes(buildTop: string): Attributes {
  const remedy = "`voyager build` is started by Nix, as the builder of what voyager.lib declares";
  return parseAttributes(readAttributesFile(buildTop, remedy));
}

/**
 * The JSON of them. Nix 2.8 sets NIX_ATTRS_JSON_FILE to the host's path, which is wrong inside the
 * sandbox; the file is in the build folder with every version.
 */
export function readAttributesFile(
  buildTop: string,
  remedy = "this is started by Nix, as the builder of what voyager.lib declares",
): unknown {
  const file = join(buildTop, ".attrs.json");
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new VoyagerError("spec", `cannot read ${file}`, { why: messageOf(error), remedy });
  }
}

/** Validates a system given as JSON. Throws a `spec` error naming each field. */
export function parseSystem(json: unknown, origin: string): System {
  const result = v.safeParse(systemSchema, json);
  if (!result.success) {
    throw new VoyagerError("spec", `${origin} is not a system`, {
      why: describeIssues(result.issues),
      remedy: "write it with lib.mkSystem: a system's attribute `spec`, as JSON",
    });
  }
  return result.output;
}
