/**
 * The files that Hydra reads in nix-support, as it reads them (build-result.cc of its queue runner). It
 * passes over what it cannot read without a word, so we say the word.
 */

/** A file or folder that the page of a build shows. */
export interface Product {
  type: string;
  subtype: string;
  /** As the line has it, without quotes. */
  path: string;
  /** What to open in a folder; null: the folder. */
  entry: string | null;
}

/** A number that Hydra draws over the builds of a job. */
export interface Metric {
  name: string;
  value: number;
  /** null: a bare number. */
  unit: string | null;
}

/** What a build has for Hydra beside its own files. */
export interface Records {
  /** Lines of hydra-build-products. */
  products: string[];
  metrics: Metric[];
}

const productLine =
  /^([a-zA-Z0-9_-]+)[ \t\v\f\r]+([a-zA-Z0-9_-]+)[ \t\v\f\r]+("[^"]+"|[^\s<>"]+)([ \t\v\f\r]+([^\s<>]+))?$/;

/** A line of hydra-build-products; null for one that Hydra would pass over. */
export function parseProduct(line: string): Product | null {
  const [, type = "", subtype = "", quoted = "", , entry] = productLine.exec(line) ?? [];
  if (type === "") return null;
  const path = quoted.startsWith('"') ? quoted.slice(1, -1) : quoted;
  return path.startsWith("/") ? { type, subtype, path, entry: entry ?? null } : null;
}

/** A line of hydra-metrics; null for one that Hydra would pass over, or take only a part of. */
export function parseMetric(line: string): Metric | null {
  const [name = "", text = "", unit, ...more] = line.split(/[ \t\n\r]+/).filter((field) => field !== "");
  const value = Number(text);
  if (more.length > 0 || text === "" || !Number.isFinite(value)) return null;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return null;
  if (unit !== undefined && !/^[a-zA-Z0-9._%-]+$/.test(unit)) return null;
  return { name, value, unit: unit ?? null };
}

/** The line of a metric. */
export function metricLine({ name, value, unit }: Metric): string {
  return unit === null ? `${name} ${value}` : `${name} ${value} ${unit}`;
}

/** A name as hydra-release-name may have it: other characters become dashes. */
export function releaseName(name: string): string {
  return name.replace(/[^a-zA-Z0-9.@:_-]+/g, "-");
}
