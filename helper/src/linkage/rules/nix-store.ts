/** Nothing may come from the Nix store, which the administrator cannot patch. */
import { basename } from "node:path";
import { fileName } from "../file-name.ts";
import type { Problem, ReportFile } from "../report.ts";
import { type Audited, isBelow, librariesOf, type RuleCheck } from "./rule.ts";

function problemsOf(file: ReportFile, { store, outputs }: Audited): Problem[] {
  const problem = (soname: string | null, message: string): Problem => ({
    file: fileName(file),
    soname,
    rule: "nix-store",
    message,
  });
  const foreign = (path: string) => isBelow(path, [store]) && !isBelow(path, outputs);
  const libraries = librariesOf(file)
    .filter(({ provider }) => provider.kind === "nix")
    .map(({ soname, path }) =>
      problem(soname, `${fileName(file)} gets ${soname} from the Nix store: ${path}`),
    );
  const interpreter =
    file.interpreter !== null && foreign(file.interpreter)
      ? [
          problem(
            basename(file.interpreter),
            `${fileName(file)} is started by a loader in the Nix store: ${file.interpreter}`,
          ),
        ]
      : [];
  const folders = [...new Set(file.runpath)]
    .filter(foreign)
    .map((folder) => problem(null, `the RUNPATH of ${fileName(file)} names the Nix store: ${folder}`));
  return [...libraries, ...interpreter, ...folders];
}

export const nixStore: RuleCheck = (audited) => audited.files.flatMap((file) => problemsOf(file, audited));
