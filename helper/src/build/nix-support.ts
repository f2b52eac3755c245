/** What every build leaves in nix-support/ beside its own files. */
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../common/hash.ts";
import { VoyagerError } from "../common/errors.ts";
import type { Environment } from "../environment/environments.ts";
import { type Metric, metricLine, parseMetric, type Records, releaseName } from "../hydra/grammar.ts";
import { count, sizeMetrics } from "../hydra/metrics.ts";
import { checkProductLine, productLines } from "../hydra/products.ts";
import { recordNames } from "../records/names.ts";
import type { Attributes } from "../spec/spec.ts";

/** The output that carries nix-support: "out" if there is one, else the first. */
export function mainOutput(outputs: Record<string, string>): string {
  return outputs.out ?? Object.values(outputs)[0] ?? "";
}

/** The folder nix-support of an output, if it has one. What was built may have put a link here, which must lead nobody anywhere. */
function existingFolder(output: string): string | null {
  const folder = join(output, "nix-support");
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isDirectory()) {
    throw new VoyagerError("output", `${folder} is not a folder`, {
      why: "every build leaves records in nix-support, and the build script made something else of it",
      remedy: "make it a folder, or leave it out",
    });
  }
  return folder;
}

/** The folder nix-support of the output that carries it, made if it is not there. */
export function supportFolder(attributes: Attributes): string {
  const output = mainOutput(attributes.outputs);
  const folder = existingFolder(output);
  if (folder !== null) return folder;
  mkdirSync(join(output, "nix-support"));
  return join(output, "nix-support");
}

/**
 * Removes records that a build has put into its other outputs, be it with a copy of another build: they
 * are none of ours, and would be believed.
 */
export function removeOtherRecords(outputs: Record<string, string>): void {
  for (const output of Object.values(outputs)) {
    const folder = output === mainOutput(outputs) ? null : existingFolder(output);
    for (const name of folder === null ? [] : recordNames) {
      rmSync(join(folder ?? "", name), { recursive: true, force: true });
    }
  }
}

/** More is no list of products. */
const mostBytes = 1024 * 1024;

/** JSON with sorted keys, the same for the same content. */
function steadyJson(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(value)), null, 1)}\n`;
}

/** Writes environment.json and what Hydra reads: behind the lines that the build script wrote there. */
export function writeNixSupport(attributes: Attributes, environment: Environment, records: Records): void {
  const folder = supportFolder(attributes);
  const spec = attributes.voyager;
  // No time and no image id: two builds in environments of the same packages give the same bytes.
  const record = {
    schema: "voyager-environment/1",
    system: spec.system.name,
    osRelease: environment.record.osRelease,
    requested: environment.requested,
    packages: environment.record.packages,
  };
  replaceFile(join(folder, "environment.json"), steadyJson(record));
  writeProducts(folder, attributes, records.products);
  const size = sizeMetrics(Object.values(attributes.outputs), folder);
  const installed = count("environment.packages", environment.record.packages.length);
  writeMetrics(folder, [installed, ...size, ...records.metrics]);
  writeReleaseName(folder, spec.name);
}

function writeProducts(folder: string, attributes: Attributes, records: string[]): void {
  const file = join(folder, "hydra-build-products");
  const own = linesOf(file);
  for (const line of own) checkProductLine(line, attributes);
  const declared = attributes.voyager.products.flatMap((product) => productLines(attributes, product));
  const lines = [...new Set([...own, ...declared, ...records])];
  if (lines.length > 0) replaceFile(file, `${lines.join("\n")}\n`);
}

function writeMetrics(folder: string, metrics: Metric[]): void {
  const file = join(folder, "hydra-metrics");
  const own = linesOf(file);
  const unread = own.find((line) => parseMetric(line) === null);
  if (unread !== undefined) {
    throw new VoyagerError("output", `Hydra would pass over this line of hydra-metrics: ${unread}`, {
      why: "it is not: name, number, and perhaps a unit",
      remedy: "correct what the build script writes",
    });
  }
  replaceFile(file, `${[...own, ...metrics.map(metricLine).sort()].join("\n")}\n`);
}

/** A build that names its release itself knows better. */
function writeReleaseName(folder: string, name: string): void {
  const file = join(folder, "hydra-release-name");
  if (linesOf(file).length === 0) replaceFile(file, `${releaseName(name)}\n`);
}

/** Lines that the build script itself has written, if it has. */
function linesOf(file: string): string[] {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > mostBytes) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

/** Writes a file in the place of whatever the build left there. */
export function replaceFile(path: string, content: string): void {
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, content, { flag: "wx" });
}
