/**
 * linkage.html: the report as one page that loads nothing, needs no scripts to be read, and is the
 * same for the same report. Import it where a page is made, not before: it brings the layout of graphs.
 */
import type { Report } from "../../linkage/report.ts";
import { administratorSection } from "./administrator.ts";
import { filesSection } from "./files.ts";
import { pageOf } from "./frame.ts";
import { graphSection } from "./graph/section.ts";
import { type Html, html } from "./html.ts";
import { pageContext } from "./libraries.ts";
import { packagesSection } from "./packages.ts";
import { problemsSection } from "./problems.ts";
import { summary } from "./summary.ts";

/** What the report does not know of its build. */
export interface PageDetails {
  /** Name of the package. */
  name: string;
  /** Its version; null if it has none. */
  version: string | null;
  /** Names of the outputs: "out", "dev". */
  outputs: string[];
}

/** Headings that the page has, in its order. */
function contents({ files, packages }: Report): Html {
  const entries: [id: string, title: string][] = [
    ["problems", "Problems and exceptions"],
    ...(files.length > 0 ? ([["graph", "Graph"]] as [string, string][]) : []),
    ["administrator", "What an administrator does"],
    ...(packages.length > 0 ? ([["packages", "Packages"]] as [string, string][]) : []),
    ...(files.length > 0 ? ([["files", "Files"]] as [string, string][]) : []),
  ];
  return html`<nav aria-label="Contents"><ul>${entries.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
`;
}

/** The page of a report. */
export function renderPage(report: Report, details: PageDetails): string {
  const context = pageContext(report);
  const name = details.version === null ? details.name : `${details.name} ${details.version}`;
  const content = html`${summary(context, details)}${contents(report)}${problemsSection(report)}${graphSection(context)}${administratorSection(context)}${packagesSection(context)}${filesSection(context)}`;
  return pageOf({
    title: `Linkage of ${name}: ${report.verdict === "pass" ? "passed" : "failed"}`,
    skip: "Skip to the report",
    content,
    madeFrom: html`<code>linkage.json</code> (${report.schema})`,
  });
}
