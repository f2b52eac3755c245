/** Lines of nix-support/hydra-build-products: for what a build declares, and those of its own script. */
import { isUtf8 } from "node:buffer";
import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, normalize } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import type { Attributes } from "../spec/spec.ts";
import { parseProduct } from "./grammar.ts";

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

function isInside(path: string, folders: string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/**
 * The file itself, where a link leads to one: Hydra takes links for no files, and what another build has
 * made for none of this one's.
 */
function fileItself(path: string, outputs: string[]): string {
  if (!lstatSync(path).isSymbolicLink()) return path;
  const real = realpathSync(path);
  if (isInside(real, outputs)) return real;
  throw new VoyagerError("output", `Hydra cannot be given the file ${path}`, {
    why: `it is a link to ${real}, which is not in an output of this build`,
    remedy: "copy the file into the output, or leave it out of hydraProducts",
  });
}

/** The lines of a declared product, one for each file that matches. */
export function productLines(
  { outputs }: Attributes,
  product: Attributes["voyager"]["products"][number],
): string[] {
  const folder = outputs[product.output];
  const found = folder === undefined ? [] : matching(folder, product.pattern);
  if (folder === undefined || found.length === 0) {
    throw new VoyagerError("output", `no file matches the Hydra product '${product.pattern}'`, {
      why: folder === undefined ? `there is no output '${product.output}'` : `looked in ${folder}`,
      remedy: "correct hydraProducts, or let the build script install the file",
    });
  }
  const files = found.map((name) => fileItself(join(folder, name), Object.values(outputs)));
  const unspeakable = files.find((name) => /["\n]/.test(name));
  if (unspeakable) {
    throw new VoyagerError("output", `Hydra cannot be told of the file ${JSON.stringify(unspeakable)}`, {
      why: "its list of products has one line for each, with the path in double quotes",
      remedy: "rename the file",
    });
  }
  return [...new Set(files)].map((file) => `${product.type} ${product.subtype} "${file}"`);
}

/** Why Hydra would pass over a line, or its file; null where it would not. */
function whyPassedOver(line: string, outputs: string[]): string | null {
  const product = parseProduct(line);
  if (!product) return "it is not: type, subtype, path (in double quotes if it has spaces), entry";
  const path = normalize(product.path);
  if (!isInside(path, outputs)) return "the path is not in an output of this build";
  return existsSync(path) ? null : "the path does not exist";
}

/** Throws an `output` error for a line of the build script's own that Hydra would pass over. */
export function checkProductLine(line: string, { outputs }: Attributes): void {
  const why = whyPassedOver(line, Object.values(outputs));
  if (why === null) return;
  throw new VoyagerError("output", `Hydra would pass over this line of hydra-build-products: ${line}`, {
    why,
    remedy: "correct what the build script writes, or declare the file in hydraProducts",
  });
}
