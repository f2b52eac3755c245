/** What every build leaves in nix-support/ beside its own files. */
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../common/hash.ts";
import { VoyagerError } from "../common/errors.ts";
import type { Environment } from "../environment/environments.ts";
import type { Attributes } from "../spec/spec.ts";

/** The output that carries nix-support: "out" if there is one, else the first. */
export function mainOutput(outputs: Record<string, string>): string {
  return outputs.out ?? Object.values(outputs)[0] ?? "";
}

/** Writes environment.json and hydra-build-products. */
export function writeNixSupport(attributes: Attributes, environment: Environment): void {
  const folder = join(mainOutput(attributes.outputs), "nix-support");
  mkdirSync(folder, { recursive: true });
  const { system } = attributes.voyager;
  // No time and no image id: two builds in environments of the same packages give the same bytes.
  const record = {
    schema: "voyager-environment/1",
    system: system.name,
    osRelease: environment.record.osRelease,
    requested: environment.requested,
    packages: environment.record.packages,
  };
  writeFileSync(
    join(folder, "environment.json"),
    `${JSON.stringify(JSON.parse(canonicalJson(record)), null, 1)}\n`,
  );
  const products = attributes.voyager.products.flatMap((product) => productLines(attributes, product));
  if (products.length > 0) writeFileSync(join(folder, "hydra-build-products"), `${products.join("\n")}\n`);
}

/** Hydra reads: type, subtype, quoted path. Bad lines vanish silently there, so they fail here. */
function productLines(attributes: Attributes, product: Attributes["voyager"]["products"][number]): string[] {
  const folder = attributes.outputs[product.output];
  const found = folder === undefined ? [] : globSync(product.pattern, { cwd: folder }).sort();
  if (folder === undefined || found.length === 0) {
    throw new VoyagerError("output", `no file matches the Hydra product '${product.pattern}'`, {
      why: folder === undefined ? `there is no output '${product.output}'` : `looked in ${folder}`,
      remedy: "correct hydraProducts, or let the build script install the file",
    });
  }
  return found.map((name) => `${product.type} ${product.subtype} "${join(folder, name)}"`);
}
