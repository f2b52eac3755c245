/** `voyager linkage`: the linkage reports of deliveries, as the build's log had them. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { writeToStdout } from "../common/log.ts";
import { formatTable } from "../common/table.ts";
import { damagedRecords } from "../deliveries/damaged.ts";
import { findDeliveries } from "../deliveries/find.ts";
import { findElfFiles } from "../linkage/find/find.ts";
import { renderTable } from "../records/table.ts";

/**
 * Prints a table, or JSON, for each delivery. One without a report shows what its files say of
 * themselves, which is no verdict. Throws an error of kind `record` for a report that cannot be read.
 */
export async function linkage(paths: string[], json: boolean): Promise<void> {
  const missing = paths.find((path) => !existsSync(path));
  if (missing) throw new VoyagerError("usage", `${missing} does not exist`);
  const { deliveries } = await findDeliveries({ paths, closure: false });
  const shown = [];
  for (const { path, report, problem } of deliveries) {
    shown.push({ path, report, own: report || problem ? null : await ownWords(path) });
  }
  if (json) writeToStdout(`${JSON.stringify(shown, null, 2)}\n`);
  else writeToStdout(shown.map((one) => asText(one, shown.length > 1)).join("\n"));
  const damaged = damagedRecords(deliveries);
  if (damaged) throw damaged;
}

/** What the compiled files of a path ask of the loader. */
async function ownWords(path: string) {
  const scratch = mkdtempSync(join(tmpdir(), "voyager-linkage-"));
  try {
    const { files, unreadable } = await findElfFiles({ out: path }, scratch);
    // Not where they lie: for members of archives that is a folder which ends with this command.
    return { files: files.map(({ path, facts }) => ({ path, facts })), unreadable };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Shown {
  path: string;
  report: Parameters<typeof renderTable>[0] | null;
  own: Awaited<ReturnType<typeof ownWords>> | null;
}

function asText({ path, report, own }: Shown, several: boolean): string {
  const title = several ? `${path}\n` : "";
  if (report) return `${title}${renderTable(report)}`;
  if (!own) return `${title}its linkage report cannot be read\n`;
  const rows = own.files.map(({ path: file, facts }) => [
    file,
    [...facts.rpath, ...facts.runpath].join(":") || "-",
    facts.needed.join(" ") || "nothing",
  ]);
  rows.push(...own.unreadable.map(({ path: file, message }) => [file, "-", message]));
  const table = rows.length === 0 ? "no compiled files\n" : formatTable(["file", "runpath", "needs"], rows);
  return `${title}no linkage report; its compiled files say of themselves:\n${table}`;
}
