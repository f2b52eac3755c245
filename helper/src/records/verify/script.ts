/**
 * `nix-support/verify`: a script that says, on a machine without Node, whether it has what the
 * compiled files of a delivery need. `voyager verify` runs the same.
 */
import { packageFormat } from "../../common/package-version.ts";
import type { Report } from "../../linkage/report.ts";
import { machineNumber, unameNames } from "./machines.ts";
import { type Requirements, requirementsOf } from "./requirements.ts";
import functions from "./verify.sh";

/**
 * Text of the script for a report: POSIX sh. It depends on the report alone, so building again
 * gives the same bytes. What it takes and how it exits is told by its `--help`.
 */
export function renderVerifyScript(report: Report): string {
  return `#!/bin/sh
${functions}
delivery() {
${deliveryLines(report)
  .map((words) => `  ${words.map(quote).join(" ")}\n`)
  .join("")}}

# Whole or not at all, should the file be cut off; what it runs must not read it as input.
main "$@" </dev/null
exit
`;
}

/** A word of shell, which stands for itself. Characters that would move a terminal's cursor go. */
function quote(text: string): string {
  const harmless = text.replace(/\p{Cc}/gu, "?");
  if (/^[A-Za-z0-9_./][A-Za-z0-9_.+:@%/-]*$/.test(harmless)) return harmless;
  return `'${harmless.replaceAll("'", `'\\''`)}'`;
}

/** Calls of the functions in verify.sh. */
function deliveryLines(report: Report): string[][] {
  const { system } = report;
  const { ID = "", VERSION_ID = "" } = system.osRelease;
  const requirements = requirementsOf(report);
  const lines = [["built_for", system.name, ID, VERSION_ID, packageFormat(system.osRelease) ?? ""]];
  if (requirements.packages.length > 0) lines.push(["packages", ...requirements.packages]);
  return [...lines, ...fileLines(requirements)];
}

function elfOf({ machine, class: bits }: { machine: string; class: 32 | 64 }): string {
  return `${bits} ${machineNumber(machine) ?? "?"}`;
}

function fileLines({ architectures, loaders, libraries, nix, loaded }: Requirements): string[][] {
  return [
    ...architectures.map((one) => ["machine", one.machine, ...unameNames(one.machine, one.class)]),
    ...loaders.map((one) => ["loader", one.path, elfOf(one), one.package ?? ""]),
    ...libraries.map((one) => [
      "library",
      one.soname,
      elfOf(one),
      one.package ?? "",
      one.minimumVersion ?? "",
      one.runpath.join(":"),
      ...one.symbolVersions,
    ]),
    ...nix.map((one) => ["nix_library", one.soname, one.path]),
    ...loaded.map((one) => [
      "optional_library",
      one.required ? "missing" : "note",
      one.feature,
      elfOf(one),
      ...one.sonames,
    ]),
  ];
}
