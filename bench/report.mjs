/** The report: a table for the terminal, and the same as JSON and as a page. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { claimText, show, spread } from "./format.mjs";
import { page } from "./page.mjs";

/**
 * @typedef {import("./measure.mjs").Summary} Summary
 * @typedef {{ label: string, unit: "seconds" | "bytes" | "count" }} Measure
 * @typedef {{ kind: "ratio" | "difference" | "value", of: string, ours: string, peer?: string, target: number,
 *   measured: Summary, met: boolean }} Claim
 * @typedef {{ label: string, command: string, ours: boolean, measures: Record<string, Summary> }} Side
 * @typedef {{ name: string, title: string, how: string, took: number, measures: Record<string, Measure>,
 *   sides: Record<string, Side>, claims: Claim[], error?: string }} Result
 * @typedef {{ started: string, runs: number, took: number, load: { before: number, after: number },
 *   machine: Record<string, string>, tools: Record<string, string>, figures: Result[] }} Report
 */

/**
 * One figure as text.
 *
 * @param {Result} result
 * @returns {string}
 */
export function figureText(result) {
  const lines = [`${result.name}: ${result.title}`];
  if (result.error) return [...lines, `  failed: ${result.error.replaceAll("\n", "\n    ")}`, ""].join("\n");
  const width = Math.max(...Object.values(result.sides).map(({ label }) => label.length));
  for (const { label, measures } of Object.values(result.sides)) {
    const values = Object.entries(measures).map(([name, values]) => {
      const { label, unit } = result.measures[name];
      return `${name === "seconds" ? "" : `${label} `}${spread(values, show[unit])}`;
    });
    lines.push(`  ${label.padEnd(width)}  ${values.join("; ")}`);
  }
  for (const claim of result.claims) {
    const { names, measured, target } = claimText(result, claim);
    lines.push(`  ${names}: ${measured}, to reach ≤ ${target}: ${claim.met ? "reached" : "NOT reached"}`);
  }
  return [...lines, ""].join("\n");
}

/** The machine's description as text. @param {Record<string, string>} machine */
export function machineText(machine) {
  const width = Math.max(...Object.keys(machine).map((name) => name.length));
  return Object.entries(machine)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}\n`)
    .join("");
}

/**
 * Writes report.json (or the file given) and report.html to `folder`.
 *
 * @param {Report} report
 * @param {string} folder
 * @param {string} [json] another place for the JSON
 * @returns {string[]} the files
 */
export function writeReport(report, folder, json = join(folder, "report.json")) {
  const html = join(folder, "report.html");
  for (const file of [json, html]) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(json, `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(html, page(report));
  return [json, html];
}
