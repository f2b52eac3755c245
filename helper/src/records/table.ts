/** The linkage report in a terminal: the table at the end of a build's log. */
import { formatTable } from "../common/table.ts";
import { count, prose, visible, wrap } from "../common/text.ts";
import { fileName } from "../linkage/file-name.ts";
import { withoutFile } from "../linkage/problem-text.ts";
import { allowance, remedies } from "../linkage/remedies.ts";
import type { Library, Problem, Report, Rule } from "../linkage/report.ts";
import { verdictOf } from "./verdict.ts";

/** No line is longer, unless one word is. */
const lineWidth = 100;
/** More libraries than this are shown by package, and more packages than this are counted. */
const mostRows = 30;
/** Every problem is shown, up to a number that only a hostile build reaches. */
const mostProblems = 200;

interface Row {
  library: string;
  package: string;
  version: string;
  least: string;
  files: Set<string>;
}

const withoutPackage = { system: "(no package)", output: "(this build)", nix: "(Nix store)" };

function packageOf({ provider }: Pick<Library, "provider">): string {
  if (provider.kind === "unresolved") return "(not found)";
  return provider.package ?? withoutPackage[provider.kind];
}

/** What the build's files ask for themselves, one row for each library and provider. */
function rowsOf(report: Report): Row[] {
  const least = new Map(report.packages.map((one) => [one.name, one.minimumVersion]));
  const rows = new Map<string, Row>();
  const add = (library: string, of: Pick<Library, "provider">, file: string) => {
    const owner = packageOf(of);
    const key = `${owner}\0${of.provider.version}\0${library}`;
    let row = rows.get(key);
    if (!row) {
      const version = of.provider.version ?? "-";
      row = { library, package: owner, version, least: least.get(owner) ?? "-", files: new Set() };
      rows.set(key, row);
    }
    row.files.add(file);
  };
  for (const file of report.files) {
    for (const library of file.needed) add(library.soname, library, fileName(file));
    for (const one of file.static) add(`${one.archive.replace(/.*\//, "")} (static)`, one, fileName(file));
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** One row for each package. */
function merge(rows: Row[]): Row[] {
  const merged = new Map<string, Row & { libraries: number }>();
  for (const row of rows) {
    const key = `${row.package}\0${row.version}`;
    const same = merged.get(key);
    if (same) {
      same.libraries++;
      for (const file of row.files) same.files.add(file);
    } else {
      merged.set(key, { ...row, files: new Set(row.files), libraries: 1 });
    }
  }
  return [...merged.values()].map((row) =>
    row.libraries === 1 ? row : { ...row, library: `${row.library} and ${row.libraries - 1} more` },
  );
}

function librariesTable(report: Report): string {
  const all = rowsOf(report);
  if (all.length === 0) return "";
  const rows = all.length > mostRows ? merge(all) : all;
  const shown = rows.slice(0, mostRows);
  const cells = shown.map(({ library, package: owner, version, least, files }) => [
    ...[library, owner, version, least].map(visible),
    files.size === 1 ? visible([...files][0] ?? "") : count(files.size, "file"),
  ]);
  const rest = rows.length - shown.length;
  const more = rest === 0 ? "" : `and ${count(rest, "more package")}: see linkage.html\n`;
  return formatTable(["library", "package", "version", "least", "needed by"], cells, lineWidth) + more;
}

/** Packages that only come with others. */
function transitiveLine(report: Report): string {
  const names = report.packages.filter(({ direct, relation }) => !direct && relation === "linked");
  if (names.length === 0) return "";
  const shown = names.slice(0, mostRows).map(({ name }) => visible(name));
  const rest = names.length > shown.length ? ` and ${names.length - shown.length} more` : "";
  return paragraph("and through these: ", `${shown.join(", ")}${rest}`);
}

/** Text behind a label, as wide as lines may be. */
function paragraph(label: string, text: string): string {
  const [first = "", ...others] = wrap(text, lineWidth - label.length);
  return `${[label + first, ...others.map((line) => " ".repeat(label.length) + line)].join("\n")}\n`;
}

const problemText = (one: Problem) => `${visible(one.file)}: ${withoutFile(one)}`;

function problemLines({ problems }: Report): string {
  let text = "";
  for (const problem of problems.slice(0, mostProblems)) {
    const [first = "", ...others] = wrap(`FAIL ${problem.rule}  ${problemText(problem)}`, lineWidth - 5);
    text += `${[first, ...others.map((line) => `     ${line}`)].join("\n")}\n`;
  }
  if (problems.length > mostProblems) {
    text += `and ${count(problems.length - mostProblems, "more problem")}: see linkage.json\n`;
  }
  const broken = new Set<Rule>(problems.map(({ rule }) => rule));
  for (const rule of broken) {
    text += paragraph("  remedy: ", `${rule}: ${remedies[rule]}`);
    const example = problems.find((one) => one.rule === rule);
    if (example) text += `          ${prose(allowance(example))}\n`;
  }
  return text;
}

function allowedLines({ allowed }: Report): string {
  const lines = allowed
    .slice(0, mostProblems)
    .map((one) => paragraph(`allowed ${one.rule}  `, `${problemText(one)}: ${prose(one.reason)}`));
  return lines.join("");
}

/** The last line is the verdict; what follows from it comes before it where both are too long. */
function verdictLines(report: Report): string {
  const { pass, headline, consequence } = verdictOf(report);
  const verdict = `linkage: ${pass ? "PASS" : "FAIL"}  ${headline}`;
  const whole = `${verdict} ${prose(consequence)}`;
  if (whole.length <= lineWidth) return `${whole}\n`;
  return `${paragraph("linkage: note  ", prose(consequence))}${verdict}\n`;
}

/**
 * The report as text, for logs and terminals: at most 100 columns, what is alike summed up, all
 * problems with what to do about them, the verdict in the last line.
 */
export function renderTable(report: Report): string {
  const { system } = report;
  const parts = [
    `linkage of ${count(report.files.length, "compiled file")} on ${visible(system.name)} (${visible(system.arch)})\n`,
    librariesTable(report) + transitiveLine(report),
    allowedLines(report),
    problemLines(report),
    verdictLines(report),
  ];
  return parts.filter((part) => part !== "").join("\n");
}
