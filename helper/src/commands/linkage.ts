/** `voyager linkage`: what the compiled files of outputs ask of the loader, by their own word. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { formatTable } from "../common/table.ts";
import { findElfFiles } from "../linkage/find/find.ts";

/** Prints a table, or JSON, of every ELF file of the paths. */
export async function linkage(paths: string[], json: boolean): Promise<void> {
  const missing = paths.find((path) => !existsSync(path));
  if (missing) throw new VoyagerError("usage", `${missing} does not exist`);
  const scratch = mkdtempSync(join(tmpdir(), "voyager-linkage-"));
  try {
    const { files, unreadable } = await findElfFiles(
      Object.fromEntries(paths.map((path) => [path, path])),
      scratch,
    );
    if (json) {
      // Not where they lie: for members of archives that is a folder which ends with this command.
      const told = files.map(({ output, path, facts }) => ({ output, path, facts }));
      process.stdout.write(`${JSON.stringify({ files: told, unreadable }, null, 2)}\n`);
      return;
    }
    const rows = files.map(({ path, facts }) => [
      path,
      facts.runpath.join(":") || "-",
      facts.needed.join(" ") || "nothing",
    ]);
    rows.push(...unreadable.map(({ path, message }) => [path, "-", message]));
    process.stdout.write(
      rows.length === 0 ? "no compiled files\n" : formatTable(["file", "runpath", "needs"], rows),
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
