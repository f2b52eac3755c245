/** `voyager linkage`: what the compiled files of outputs ask of the loader, by their own word. */
import { existsSync } from "node:fs";
import { VoyagerError } from "../common/errors.ts";
import { formatTable } from "../common/table.ts";
import { findElfFiles } from "../linkage/files.ts";

/** Prints a table, or JSON, of every ELF file of the paths. */
export function linkage(paths: string[], json: boolean): void {
  const missing = paths.find((path) => !existsSync(path));
  if (missing) throw new VoyagerError("usage", `${missing} does not exist`);
  const files = paths.flatMap(findElfFiles);
  if (json) {
    process.stdout.write(`${JSON.stringify(files, null, 2)}\n`);
    return;
  }
  if (files.length === 0) {
    process.stdout.write("no compiled files\n");
    return;
  }
  const rows = files.map(({ path, linkage: facts, error }) => [
    path,
    facts?.runpath.join(":") || "-",
    error ?? (facts?.needed.join(" ") || "nothing"),
  ]);
  process.stdout.write(formatTable(["file", "runpath", "needs"], rows));
}
