/**
 * `nix-support/verify`: a script that says, on a machine without Node, whether it has what the
 * compiled files of a delivery need. `voyager verify` runs the same.
 */
import { packageFormat } from "../../common/package-version.ts";
import type { Report } from "../../linkage/report.ts";
import { machineNumber, unameNames } from "./machines.ts";
import { type Requirements, requirementsOf } from "./requirements.ts";
import files from "./parts/files.sh";
import findings from "./parts/findings.sh";
import loader from "./parts/loader.sh";
import main from "./parts/main.sh";
import needs from "./parts/needs.sh";
import numbers from "./parts/numbers.sh";
import packages from "./parts/packages.sh";
import symbols from "./parts/symbols.sh";
import usage from "./parts/usage.sh";

/** The parts of the script, which are told apart only for who reads them here. */
const functions = [usage, findings, files, loader, symbols, packages, numbers, needs, main]
  .map(withoutDirectives)
  .join("\n");

/**
 * Text of the script for a report: POSIX sh. It depends on the report alone, so building again
 * gives the same bytes. What it takes and how it exits is told by its `--help`.
 */
export function renderVerifyScript(report: Report): string {
  // In braces: a shell that gets only the beginning finds no end, and does not say that all is there.
  return `#!/bin/sh
{
${functions}
delivery() {
${deliveryLines(report)
  .map((words) => `  ${words.map(quote).join(" ")}\n`)
  .join("")}}

# What it runs must not read the rest of the script, should that come by standard input.
main "$@" </dev/null
exit
}
`;
}

/** Without what is said to a checker of each part alone. */
function withoutDirectives(part: string): string {
  return part.replace(/^# shellcheck shell=.*\n/, "");
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
