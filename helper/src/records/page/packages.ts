/** The packages of the system that the build has to do with. */
import type { ReportPackage } from "../../linkage/report.ts";
import { type Html, html } from "./html.ts";
import { type PageContext, relationWords } from "./libraries.ts";
import { tableOf } from "./tables.ts";

const mostRows = 3000;
/** Sonames under a package's name. */
const mostSonames = 8;

function row(one: ReportPackage, index: number): Html {
  const sonames = one.sonames.slice(0, mostSonames).join(" ");
  const more = one.sonames.length > mostSonames ? ` and ${one.sonames.length - mostSonames} more` : "";
  const source =
    one.sourceVersion === one.version ? one.source : html`${one.source} <small>${one.sourceVersion}</small>`;
  const relation = html`<span class="tag ${one.relation === "linked" ? "good" : "warn"}">${relationWords[one.relation]}</span>`;
  return html`<tr id="p${index}"${one.direct ? null : html` class="light"`}><th scope="row"><code>${one.name}</code>${one.sonames.length === 0 ? null : html`<small>${sonames}${more}</small>`}</th>
<td><code>${one.version}</code></td><td>${one.minimumVersion === null ? "not known" : html`<code>${one.minimumVersion}</code>`}</td><td>${source}</td><td>${one.direct ? "directly" : "through others"}</td><td>${relation}</td></tr>
`;
}

/** The table of packages. */
export function packagesSection({ report: { packages } }: PageContext): Html {
  if (packages.length === 0) return html``;
  return html`<section aria-labelledby="packages">
<h2 id="packages">Packages</h2>
<p>The version is that of the environment in which the build ran. The least version is what a target must have, worked out from the symbols that are used.</p>
${tableOf({
  id: "packages-table",
  caption: "Packages of the system that own the libraries",
  headings: ["Package", "Version", "Least version", "Source package", "Needed", "Relation"],
  rows: packages.slice(0, mostRows).map(row),
  left: Math.max(0, packages.length - mostRows),
})}
</section>
`;
}
