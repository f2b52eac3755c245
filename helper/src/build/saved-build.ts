/**
 * A description of a build that stays in its folder, so that `voyager shell` can open the same
 * container again after `nix-build --keep-failed`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { outputPaths } from "./layout.ts";
import type { Build } from "./runner.ts";

const fileName = "nix-voyager-build.json";

const savedBuildSchema = v.object({
  name: v.string(),
  image: v.string(),
  variables: v.record(v.string(), v.string()),
  /** Store paths that the build saw. */
  closure: v.array(v.string()),
  /** Folders that the build wrote its outputs to. */
  outputs: v.array(v.string()),
});
export type SavedBuild = v.InferOutput<typeof savedBuildSchema>;

/** Saves it in the folder that Nix made for the build. */
export function saveForShell(buildTop: string, build: Build): void {
  const saved: SavedBuild = {
    name: build.attributes.voyager.name,
    image: build.environment.image,
    // Without what came from Nix's own environment: an index's address may have a password in it.
    variables: Object.fromEntries(
      Object.entries(build.variables).filter(([name]) => !build.attributes.voyager.impureEnv.includes(name)),
    ),
    closure: build.attributes.closure.map(({ path }) => path),
    outputs:
      build.attributes.voyager.result === "directory" ? Object.values(outputPaths(build.attributes)) : [],
  };
  writeFileSync(join(buildTop, fileName), `${JSON.stringify(saved, null, 1)}\n`);
}

/** Reads it back. @param folder what Nix kept: /tmp/nix-build-….drv-0 */
export function readSavedBuild(folder: string): SavedBuild & { folder: string } {
  let why = "";
  // Newer versions of Nix keep the build in a folder "build" below the one that they name.
  for (const candidate of [folder, join(folder, "build")]) {
    try {
      const saved = v.parse(savedBuildSchema, JSON.parse(readFileSync(join(candidate, fileName), "utf8")));
      return { ...saved, folder: candidate };
    } catch (error) {
      why ||= messageOf(error);
    }
  }
  throw new VoyagerError("usage", `${folder} is not a kept build`, {
    why,
    remedy: "build with `nix-build --keep-failed` and name the folder that Nix then prints",
  });
}
