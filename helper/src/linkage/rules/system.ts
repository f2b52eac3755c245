/** What the system's own loader must find, and in files that a package owns. */
import { basename } from "node:path";
import { fileName } from "../file-name.ts";
import type { Problem, ReportFile } from "../report.ts";
import { type Audited, isBelow, librariesOf, type LoaderFindings, type RuleCheck } from "./rule.ts";

export const architecture: RuleCheck = ({ files, findings, machine }) =>
  files
    .filter((file) => {
      if (file.type !== "executable" && file.type !== "library") return false;
      const found = findings.get(file);
      // A file without a dynamic section needs no loader, but a processor.
      return found ? found.loader === null && found.error === null : file.machine !== machine;
    })
    .map((file) => ({
      file: fileName(file),
      soname: null,
      rule: "architecture",
      message: `${fileName(file)} is for ${file.machine} (${file.class} bit), for which the system has no loader; it is ${machine}`,
    }));

/**
 * The loader that the kernel starts for a program, where that is not the one which was asked: it may
 * be missing, or the build's own. One in the Nix store is for the rule "nix-store".
 */
function foreignLoader(
  { interpreter }: ReportFile,
  { loader }: LoaderFindings,
  { store, outputs }: Audited,
): string | null {
  if (interpreter === null || loader === null || interpreter === loader) return null;
  return isBelow(interpreter, [store]) && !isBelow(interpreter, outputs) ? null : interpreter;
}

export const unresolved: RuleCheck = (audited) =>
  audited.files.flatMap((file): Problem[] => {
    const found = audited.findings.get(file);
    if (!found) return [];
    const problem = (soname: string | null, message: string): Problem => ({
      file: fileName(file),
      soname,
      rule: "unresolved",
      message,
    });
    if (found.error !== null) {
      return [problem(null, `the system's loader says nothing of ${fileName(file)}: ${found.error}`)];
    }
    if (found.loader === null) return []; // for the rule "architecture"
    const own = new Set(file.needed.map(({ soname }) => soname));
    const missing = new Set([
      ...found.missing,
      ...librariesOf(file)
        .filter(({ provider }) => provider.kind === "unresolved")
        .map(({ soname }) => soname),
    ]);
    const foreign = foreignLoader(file, found, audited);
    const loader =
      foreign === null
        ? []
        : [
            problem(
              basename(foreign),
              `${fileName(file)} is started by ${foreign}, which is not the system's loader: that is ${found.loader}`,
            ),
          ];
    return [
      ...loader,
      ...[...missing].map((soname) =>
        problem(
          soname,
          own.has(soname)
            ? `${fileName(file)} needs ${soname}, which the system's loader does not find`
            : `a library that ${fileName(file)} needs in turn needs ${soname}, which the system's loader does not find`,
        ),
      ),
      ...found.missingVersions.map(({ soname, version }) =>
        problem(soname, `${fileName(file)} needs ${version} of ${soname}, which the system's does not have`),
      ),
    ];
  });

export const unowned: RuleCheck = ({ files }) =>
  files.flatMap((file) =>
    librariesOf(file)
      .filter(({ provider }) => provider.kind === "system" && provider.package === null)
      .map(({ soname, path }) => ({
        file: fileName(file),
        soname,
        rule: "unowned" as const,
        message: `${fileName(file)} gets ${soname} from ${path}, which belongs to no package of the system`,
      })),
  );

export const runDependencies: RuleCheck = ({ files, covered }) =>
  covered === null
    ? []
    : files.flatMap((file) =>
        file.needed
          .filter(
            ({ provider }) =>
              provider.kind === "system" && provider.package !== null && !covered.has(provider.package),
          )
          .map(({ soname, provider }) => ({
            file: fileName(file),
            soname,
            rule: "run-dependencies" as const,
            message: `${fileName(file)} needs ${soname} of ${provider.package}, which systemRunDependencies does not lead to`,
          })),
      );
