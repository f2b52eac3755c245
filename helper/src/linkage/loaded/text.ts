/** The comparison for people: lines for the log, and the whole as a text file. */
import { formatTable } from "../../common/table.ts";
import type { Loaded, LoadedLibrary, Status } from "./loaded.ts";

const names: Record<Status, string> = {
  package: "of the package",
  reported: "reported",
  system: "the system's own",
  test: "of the test",
  unreported: "not reported",
};

/** A library as a row of a table. */
function row({ path, package: owner, version, how, openedFor, programs }: LoadedLibrary): string[] {
  const because = openedFor
    ? `needed by ${openedFor}`
    : { start: "at start", open: "opened", map: "mapped" }[how];
  return [path, owner ? `${owner} ${version}` : "no package", because, programs.join(" ")];
}

const header = ["library", "package", "loaded", "by"];

/** "12 libraries: 3 reported, 9 the system's own". */
export function summarize({ libraries, programs }: Loaded): string {
  const counts = (Object.keys(names) as Status[])
    .map((status) => ({ status, count: libraries.filter((one) => one.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${names[status]}`);
  const programCount = `${programs.length} program${programs.length === 1 ? "" : "s"}`;
  const libraryCount = libraries.length === 1 ? "1 library" : `${libraries.length} libraries`;
  return `${programCount} loaded ${libraryCount}: ${counts.join(", ") || "none"}`;
}

/** A table of what no report has; empty when there is nothing. */
export function unreportedTable({ libraries }: Loaded): string {
  const found = libraries.filter(({ status }) => status === "unreported");
  return found.length === 0 ? "" : formatTable(header, found.map(row));
}

/** All of it. */
export function loadedText(loaded: Loaded): string {
  const parts = [
    `What the test of ${loaded.packages.join(", ")} loaded on ${loaded.system}\n`,
    `${summarize(loaded)}\n`,
  ];
  if (loaded.reports === 0) parts.push("There was no linkage report to compare with.\n");
  for (const status of ["unreported", "reported", "package", "test", "system"] as const) {
    const found = loaded.libraries.filter((library) => library.status === status);
    if (found.length === 0) continue;
    const title = names[status];
    parts.push(`${title}\n${"-".repeat(title.length)}\n${formatTable(header, found.map(row))}`);
  }
  parts.push(`programs\n--------\n${loaded.programs.join("\n")}\n`);
  return parts.join("\n");
}
