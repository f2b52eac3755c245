/** Copies of the system's libraries, which its updates do not reach: whole files, and linked in. */
import { basename } from "node:path";
import { fileName } from "../file-name.ts";
import type { Provider, ReportFile } from "../report.ts";
import type { Audited, RuleCheck } from "./rule.ts";

/** What wheels' repair tools put into the names of libraries that they copy: libz-1a2b3c4d.so.1. */
const repairMark = /-[0-9a-f]{8}(?=\.so)/;

/** The library of the system that a file is a copy of, by its soname or its name. */
export function originalOf(
  file: ReportFile,
  systemLibraries: Audited["systemLibraries"],
): { soname: string; provider: Provider } | null {
  if (file.type !== "library") return null;
  const names = [file.soname, basename(file.path)].filter((name) => name !== null);
  for (const name of names) {
    // Also libz.so.1.2.13 is libz.so.1: shorten it part by part.
    for (let soname = name.replace(repairMark, ""); /\.so\.\d/.test(soname); ) {
      const original = systemLibraries.get(soname);
      if (original) return { soname, provider: original.provider };
      const shorter = soname.replace(/\.[^.]*$/, "");
      if (shorter === soname) break;
      soname = shorter;
    }
  }
  return null;
}

export const bundled: RuleCheck = ({ files, systemLibraries }) =>
  files.flatMap((file) => {
    const original = originalOf(file, systemLibraries);
    if (!original) return [];
    const owner = original.provider.package ? `, which the system has in ${original.provider.package}` : "";
    return [
      {
        file: fileName(file),
        soname: original.soname,
        rule: "bundled" as const,
        message: `${fileName(file)} is a copy of ${original.soname}${owner}`,
      },
    ];
  });

export const staticallyLinked: RuleCheck = ({ files }) =>
  files.flatMap((file) =>
    file.static.map(({ archive, provider }) => ({
      file: fileName(file),
      soname: basename(archive),
      rule: "static" as const,
      message: `${fileName(file)} has ${basename(archive)} of ${provider.package ?? archive} linked into it, which no update of the system reaches`,
    })),
  );
