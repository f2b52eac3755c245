/** The top of the page: what an auditor came for. */
import { count, digits } from "../../common/text.ts";
import { copiedPackages, verdictOf } from "../verdict.ts";
import { type Html, html, type Part, withCode } from "./html.ts";
import type { PageContext } from "./libraries.ts";
import type { PageDetails } from "./page.ts";

const marks = {
  pass: html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11"/><path d="M7 12.5l3.4 3.4L17 9"/></svg>`,
  fail: html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11"/><path d="M8 8l8 8M16 8l-8 8"/></svg>`,
};

/** Problems that the panel names; all are listed further down. */
const mostNamed = 8;

function fact(name: string, value: Part): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>
`;
}

function namedProblems({ report }: PageContext): Html | null {
  if (report.problems.length === 0) return null;
  const items = report.problems
    .slice(0, mostNamed)
    .map(
      ({ file, soname, rule }) =>
        html`<li><code>${file}</code>${soname === null || soname === file ? "" : html`: <code>${soname}</code>`} <span class="tag bad">${rule}</span></li>`,
    );
  const rest = report.problems.length - items.length;
  return html`<ul class="named">${items}${rest > 0 ? html`<li>and <a href="#problems">${count(rest, "more problem")}</a></li>` : null}</ul>`;
}

function packagesFact({ report: { packages } }: PageContext): Part {
  const direct = packages.filter((one) => one.direct).length;
  const split = `${direct} needed directly, ${packages.length - direct} through others`;
  return html`${digits(packages.length)} <span class="light">${packages.length === 0 ? "" : split}</span>`;
}

/** Verdict, system, and how much there is. */
export function summary(context: PageContext, details: PageDetails): Html {
  const { report } = context;
  const { pass, headline, consequence } = verdictOf(report);
  const { system } = report;
  const outputs = details.outputs.length < 2 ? null : fact("Outputs", details.outputs.join(", "));
  const copies = copiedPackages(report);
  return html`<header>
<p class="overline">Linkage report</p>
<h1>${details.name}${details.version === null ? null : html` <span class="version">${details.version}</span>`}</h1>
</header>
<section class="verdict ${pass ? "pass" : "fail"}" aria-labelledby="verdict">
${pass ? marks.pass : marks.fail}
<div>
<h2 id="verdict"><span class="word">${pass ? "Passed" : "Failed"}</span> ${withCode(headline)}</h2>
<p>${withCode(consequence)}</p>
${namedProblems(context)}
</div>
</section>
<dl class="facts">
${fact("System", html`${system.osRelease.PRETTY_NAME ?? system.name} <span class="light">${system.name}, ${system.arch}</span>`)}${fact("Base image", html`<code>${system.image}</code>`)}${outputs}${fact("Compiled files", digits(report.files.length))}${fact("Libraries", digits(context.libraries))}${fact("Packages", packagesFact(context))}${fact("Problems", html`${report.problems.length} <span class="light">${count(report.allowed.length, "allowed exception")}</span>`)}${copies.length === 0 ? null : fact("Copies inside", copies.slice(0, 6).join(", ") + (copies.length > 6 ? " …" : ""))}</dl>
`;
}
