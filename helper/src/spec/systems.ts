/** Systems by name, for commands that no derivation hands one to. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { nearest } from "../common/nearest.ts";
import { parseSystem } from "./read.ts";
import type { System } from "./spec.ts";

/** The systems of lib/systems, which the command's package carries beside the program. */
function bundledSystems(): string {
  const beside = dirname(process.argv[1] ?? "");
  return process.env.VOYAGER_SYSTEMS ?? join(beside, "../share/nix-voyager/systems.json");
}

/**
 * The system of this name in a JSON file, which holds either one system or a set of them; by default
 * the systems of lib/systems. Throws a `usage` error that tells the names that there are.
 */
export function readSystem(name: string, file: string = bundledSystems()): System {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new VoyagerError("usage", `cannot read the systems from ${file}`, {
      why: messageOf(error),
      remedy: "run the `voyager` of `nix-build -A voyager`, or name a file with --file",
    });
  }
  if (typeof parsed.packageManager === "string") return parseSystem(parsed, file);
  if (!(name in parsed)) {
    const known = Object.keys(parsed);
    throw new VoyagerError("usage", `there is no system '${name}'`, {
      why: `known: ${known.join(", ")}`,
      remedy: `did you mean ${nearest(name, known, 1)[0] ?? known[0]}?`,
    });
  }
  return parseSystem(parsed[name], `${file}: ${name}`);
}
