/**
 * linkage.html: the report as one page that loads nothing, needs no scripts to be read, and is the
 * same for the same report. Import it where a page is made, not before: it brings the layout of graphs.
 */
import { createHash } from "node:crypto";
import type { Report } from "../../linkage/report.ts";
import { administratorSection } from "./administrator.ts";
import { filesSection } from "./files.ts";
import { graphSection } from "./graph/section.ts";
import { Html, html } from "./html.ts";
import { pageContext } from "./libraries.ts";
import { packagesSection } from "./packages.ts";
import { problemsSection } from "./problems.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";
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

const sourceOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing may be loaded or run but what is in the page itself. */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    `script-src ${sourceOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
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
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy())}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Linkage of ${name}: ${report.verdict === "pass" ? "passed" : "failed"}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<main id="main">
${summary(context, details)}${contents(report)}${problemsSection(report)}${graphSection(context)}${administratorSection(context)}${packagesSection(context)}${filesSection(context)}</main>
<footer><p>Made by nix-voyager from <code>linkage.json</code> (${report.schema}). This page loads nothing from anywhere and can be read without scripts.</p></footer>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return page.markup;
}
