/** Lines of nix-support/hydra-build-products for what a build declares. */
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import type { Attributes } from "../spec/spec.ts";

/** Files, or links to files, below a folder whose relative path matches: `*` is any part of one name. */
function matching(folder: string, pattern: string): string[] {
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const expression = new RegExp(`^${pattern.split("*").map(literal).join("[^/]*")}$`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => expression.test(path))
    .sort();
}

/** Hydra reads: type, subtype, quoted path. Bad lines vanish silently there, so they fail here. */
export function productLines(
  attributes: Attributes,
  product: Attributes["voyager"]["products"][number],
): string[] {
  const folder = attributes.outputs[product.output];
  const found = folder === undefined ? [] : matching(folder, product.pattern);
  if (folder === undefined || found.length === 0) {
    throw new VoyagerError("output", `no file matches the Hydra product '${product.pattern}'`, {
      why: folder === undefined ? `there is no output '${product.output}'` : `looked in ${folder}`,
      remedy: "correct hydraProducts, or let the build script install the file",
    });
  }
  const unspeakable = found.find((name) => /["\n]/.test(name));
  if (unspeakable) {
    throw new VoyagerError("output", `Hydra cannot be told of the file ${JSON.stringify(unspeakable)}`, {
      why: "its list of products has one line for each, with the path in double quotes",
      remedy: "rename the file",
    });
  }
  return found.map((name) => `${product.type} ${product.subtype} "${join(folder, name)}"`);
}
