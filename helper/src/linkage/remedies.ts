/** What to do about a broken rule, for the table in the log and for the page. */
import type { Problem, Rule } from "./report.ts";

/** One line for each rule. Allowing what breaks it is the last resort, see `allowance`. */
export const remedies: Record<Rule, string> = {
  "nix-store":
    "link to the system's library: name its development package in systemBuildDependencies, and take away what leads to the store (a library among nixDependencies, an -rpath flag); a library that must stay there can be allowed",
  unresolved:
    "name the package that has the library in systemBuildDependencies, or correct the name or folder that the file asks for; what only the program that loads it provides can be allowed",
  bundled:
    "have the package use the system's copy: name its development package in systemBuildDependencies and set the package's own option for it (often named like --with-system-…); a copy that must stay can be allowed",
  unowned:
    "take the library from a package of the system in place of what was put into /usr/local or /opt, or let the build deliver it in its own output; a file that the target is known to have can be allowed",
  static:
    "link to the shared library: drop the flags that ask for the archive (-static, -l:NAME.a, a path that ends in .a); an archive that must be linked can be allowed, and every fix of it then needs a rebuild",
  "run-dependencies":
    "name the package in systemRunDependencies, so that it is on the target, or stop linking to it; what the target is known to have can be allowed",
  architecture:
    "compile it for the system's machine, or leave it out of the output: it is often a prebuilt file of the source; one that is meant for another machine (firmware, test data) can be allowed",
  unreadable:
    "compile it anew, or leave it out of the output: `readelf --all --wide` shows where it breaks off; data that only looks like ELF can be allowed",
};

/** A string as Nix writes it. */
function nixString(text: string): string {
  return JSON.stringify(text).replaceAll("${", "\\${");
}

/** The argument that allows a problem and no other rule's, ready but for its reason. */
export function allowance({ rule, soname, file }: Pick<Problem, "rule" | "soname" | "file">): string {
  const what = soname === null ? `file = ${nixString(file)}` : `soname = ${nixString(soname)}`;
  return `linkage.allow = [ { ${what}; rule = "${rule}"; reason = "…"; } ];`;
}
