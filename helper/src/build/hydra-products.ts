/** Lines of nix-support/hydra-build-products for what a build declares. */
import { isUtf8 } from "node:buffer";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import type { Attributes } from "../spec/spec.ts";

/** Files, or links to files, below a folder whose relative path matches: `*` is any part of one name. */
function matching(folder: string, pattern: string): string[] {
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const expression = new RegExp(`^${pattern.split("*").map(literal).join("[^/]*")}$`);
  return [...filesBelow(folder, "")].filter((path) => expression.test(path)).sort();
}

/** Paths of files and links to files. Names that are not UTF-8 cannot be told to Hydra. */
function* filesBelow(folder: string, below: string): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true, encoding: "buffer" })) {
    if (!isUtf8(entry.name)) continue;
    const path = join(below, entry.name.toString());
    if (entry.isDirectory()) yield* filesBelow(folder, path);
    else if (entry.isFile() || isFile(join(folder, path))) yield path;
  }
}

/** Whether it is a file, or a link that leads to one: a link may lead to itself. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
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
