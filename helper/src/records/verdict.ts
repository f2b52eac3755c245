/** The answer to the auditor's question, in words. */
import { count } from "../common/text.ts";
import type { Provider, Report } from "../linkage/report.ts";
import { familyOf } from "./family.ts";

/** Two sentences: what is so, and what follows for the administrator. */
export interface Verdict {
  pass: boolean;
  headline: string;
  /** May hold a command between backticks. */
  consequence: string;
}

function kindsOf(report: Report): Set<Provider["kind"]> {
  const kinds = new Set<Provider["kind"]>();
  for (const { needed, closure } of report.files) {
    for (const { provider } of needed) kinds.add(provider.kind);
    for (const { provider } of closure) kinds.add(provider.kind);
  }
  return kinds;
}

/** Names of packages of which the build holds a copy. */
export function copiedPackages(report: Report): string[] {
  return [...new Set(report.packages.filter((one) => one.relation !== "linked").map(({ name }) => name))];
}

function failure(report: Report, upgrade: string): Verdict {
  const files = new Set(report.problems.map(({ file }) => file)).size;
  return {
    pass: false,
    headline: `This build breaks the rules of linkage: ${count(report.problems.length, "problem")} in ${count(files, "file")}.`,
    consequence: `It is not proven that ${upgrade} patches it.`,
  };
}

/** What the report says as a whole. */
export function verdictOf(report: Report): Verdict {
  const command = familyOf(report.system)?.upgrade;
  const upgrade = command === undefined ? "an upgrade of the system" : `\`${command}\``;
  const capital = upgrade.charAt(0).toUpperCase() + upgrade.slice(1);
  if (report.verdict === "fail") return failure(report, upgrade);
  const kinds = kindsOf(report);
  const copied = copiedPackages(report);
  const rebuild =
    copied.length === 0
      ? ""
      : ` But it holds copies of ${copied.length > 3 ? count(copied.length, "package") : copied.join(", ")}: to patch those, it must be built again.`;
  if (report.files.length === 0) {
    return {
      pass: true,
      headline: "This build has no compiled files.",
      consequence: "It links to nothing, so nothing of the system is part of it.",
    };
  }
  if (kinds.size === 0) {
    return {
      pass: true,
      headline: "The compiled files of this build need no library.",
      consequence: `Nothing of the system is linked to.${rebuild}`,
    };
  }
  const own = kinds.has("output") ? ", or part of the build itself" : "";
  const exceptions =
    report.allowed.length === 0 ? "" : `, but for ${count(report.allowed.length, "allowed exception")}`;
  return {
    pass: true,
    headline: `Every library that this build needs is the system's own${own}${exceptions}.`,
    consequence:
      own === "" && exceptions === ""
        ? `${capital} patches it.${rebuild}`
        : `${capital} patches those of the system.${rebuild}`,
  };
}
