/** The table that the run prints: request × fault × outcome. */
import type { Case, Outcome, Result } from "./cases.ts";
import { faults, nameOf } from "./faults.ts";

export type Ran = Case & Result;

const marks: Record<Outcome, string> = {
  error: "E",
  same: "=",
  "not met": "-",
  hung: "HUNG",
  "another output": "DIFFERENT",
  "half an output": "HALF",
  "no error": "SILENT",
  "several errors": "ERRORS",
  "a defect": "DEFECT",
  left: "LEFT",
};

const meanings = [
  "E  one clear error, exit status not 0, no output, nothing left on the engine",
  "=  exit status 0, the output bit for bit that of the undisturbed build",
  "-  this run did not make the request",
];

/** One line for each request, one column for each fault. */
export function renderTable(ran: Ran[]): string {
  const lines: string[] = [];
  const width = Math.max(...ran.map(({ request }) => request.length));
  const kinds = [...new Set(ran.map(({ kind }) => kind.name))];
  for (const kind of kinds) {
    const own = ran.filter((one) => one.kind.name === kind);
    lines.push("", `${kind}: ${own.length} cases`, heading(width));
    for (const request of new Set(own.map((one) => one.request))) {
      const cells = faults.map((fault) => {
        const found = own.find((one) => one.request === request && one.fault === fault);
        return (found ? marks[found.outcome] : "").padEnd(columnWidth);
      });
      lines.push(`${request.padEnd(width)}  ${cells.join("")}`.trimEnd());
    }
  }
  const counts = [...new Set(ran.map(({ outcome }) => outcome))].sort().map((outcome) => {
    return `${ran.filter((one) => one.outcome === outcome).length} ${outcome}`;
  });
  return `${[...lines, "", ...meanings, "", `${ran.length} cases: ${counts.join(", ")}`].join("\n")}\n`;
}

const columnWidth = 8;

/** Two lines: where, what. */
function heading(width: number): string {
  const line = (cells: string[]) =>
    `${" ".repeat(width)}  ${cells.map((cell) => cell.padEnd(columnWidth)).join("")}`;
  return [line(faults.map(({ at }) => at)), line(faults.map(({ does }) => does))].join("\n");
}

/** What is to be read where a case is not as it should be. */
export function tell({ kind, request, fault, outcome, seconds, ended, left }: Ran): string {
  const head = `${kind.name}: ${request}: ${nameOf(fault)}: ${outcome} after ${seconds.toFixed(1)} s`;
  return [head, ...left, `exit status ${ended.status}`, ended.stderr].join("\n");
}
