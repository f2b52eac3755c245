/**
 * Numbers of a build for Hydra's charts. All of them follow from what was built: with a duration among
 * them no output would be the same twice. Seconds are in the log, and Hydra measures its own.
 */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../linkage/report.ts";
import type { Metric } from "./grammar.ts";

/** A count. */
export const count = (name: string, value: number): Metric => ({ name, value, unit: null });

/** What the outputs hold beside the records in the folder `support`: `output.files` and `output.size`. */
export function sizeMetrics(outputs: string[], support: string): Metric[] {
  let files = 0;
  let bytes = 0;
  const visit = (folder: Buffer) => {
    for (const entry of readdirSync(folder, { withFileTypes: true, encoding: "buffer" })) {
      const path = Buffer.concat([folder, Buffer.from("/"), entry.name]);
      if (entry.isDirectory()) {
        if (!path.equals(Buffer.from(support))) visit(path);
      } else if (entry.isFile()) {
        files++;
        bytes += lstatSync(path).size;
      }
    }
  };
  for (const output of outputs) visit(Buffer.from(join(output)));
  return [count("output.files", files), { name: "output.size", value: bytes, unit: "bytes" }];
}

/** How much is compiled, and what of the system it needs itself. */
export function linkageMetrics({ files, packages, allowed }: Report): Metric[] {
  const libraries = files
    .flatMap(({ needed }) => needed)
    .filter(({ provider }) => provider.kind === "system")
    .map(({ soname }) => soname);
  const linked = packages.filter(({ direct, relation }) => direct && relation === "linked");
  return [
    count("linkage.allowed", allowed.length),
    count("linkage.files", files.length),
    count("linkage.libraries", new Set(libraries).size),
    count("linkage.packages", linked.length),
  ];
}
