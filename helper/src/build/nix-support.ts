/** What every build leaves in nix-support/ beside its own files. */
import { lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { canonicalJson } from "../common/hash.ts";
import { VoyagerError } from "../common/errors.ts";
import type { Environment } from "../environment/environments.ts";
import type { Attributes } from "../spec/spec.ts";

/** The output that carries nix-support: "out" if there is one, else the first. */
export function mainOutput(outputs: Record<string, string>): string {
  return outputs.out ?? Object.values(outputs)[0] ?? "";
}

/** The folder nix-support of an output, made if it is not there. */
export function supportFolder(attributes: Attributes): string {
  const folder = join(mainOutput(attributes.outputs), "nix-support");
  // What was built may have put links here, which must lead us nowhere.
  if (!lstatSync(folder, { throwIfNoEntry: false })) mkdirSync(folder);
  if (!lstatSync(folder).isDirectory()) {
    throw new VoyagerError("output", `${folder} is not a folder`, {
      why: "every build leaves records in nix-support, and the build script made something else of it",
      remedy: "make it a folder, or leave it out",
    });
  }
  return folder;
}

/** Writes environment.json and hydra-build-products. */
export function writeNixSupport(attributes: Attributes, environment: Environment): void {
  const folder = supportFolder(attributes);
  const { system } = attributes.voyager;
  // No time and no image id: two builds in environments of the same packages give the same bytes.
  const record = {
    schema: "voyager-environment/1",
    system: system.name,
    osRelease: environment.record.osRelease,
    requested: environment.requested,
    packages: environment.record.packages,
  };
  replaceFile(
    join(folder, "environment.json"),
    `${JSON.stringify(JSON.parse(canonicalJson(record)), null, 1)}\n`,
  );
  const products = attributes.voyager.products.flatMap((product) => productLines(attributes, product));
  if (products.length > 0) replaceFile(join(folder, "hydra-build-products"), `${products.join("\n")}\n`);
}

/** Writes a file in the place of whatever the build left there. */
export function replaceFile(path: string, content: string): void {
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, content, { flag: "wx" });
}

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
function productLines(attributes: Attributes, product: Attributes["voyager"]["products"][number]): string[] {
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
