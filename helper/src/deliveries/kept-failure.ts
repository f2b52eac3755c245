/** Builds that Nix and Hydra let pass, so that their report is kept, and that say that they have failed. */
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../common/errors.ts";
import { visible } from "../common/text.ts";

/** How much of a failed test's own words are told. */
const longestReason = 500;

/** The first of the words of nix-support/failed, safe to print, or none; null where there is nothing of that name. */
export function keptFailure(output: string): string | null {
  const file = join(output, "nix-support/failed");
  try {
    if (!lstatSync(file).isFile()) return "";
    const [line = ""] = readFileSync(file, "utf8").slice(0, longestReason).split("\n");
    return visible(line);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

/** That a build was kept though it failed, in words. */
export function failureText(failure: string): string {
  return `it failed, and was kept (nix-support/failed)${failure && `: ${failure}`}`;
}
