/** index.html of a channel: what there is, for people. It loads nothing and needs no scripts to be read. */
import { basename } from "node:path";
import { count } from "../common/text.ts";
import { type Html, html } from "../records/page/html.ts";
import { pageOf } from "../records/page/frame.ts";
import { tableOf } from "../records/page/tables.ts";
import { recordedOutput } from "../spec/channel.ts";
import type { ChannelEntry, ChannelIndex } from "./channel-index.ts";

/** Records that people read, and what the page calls them. */
const shownRecords = [
  ["linkage.html", "linkage"],
  ["sbom.cdx.json", "SBOM"],
  ["provenance.json", "provenance"],
] as const;

/** Where the page of a served channel has a record of a package. */
function recordLink(entry: ChannelEntry, name: string): string {
  return `records/${encodeURIComponent(basename(recordedOutput(entry)))}/nix-support/${name}`;
}

function row(entry: ChannelEntry): Html {
  const { attribute, name, version, system, outputs, linkage, meta } = entry;
  const description = typeof meta.description === "string" ? html`<small>${meta.description}</small>` : null;
  const exceptions =
    linkage.allowed === 0 ? null : html`<small>${count(linkage.allowed, "allowed exception")}</small>`;
  const paths = outputs.map(
    (output) =>
      html`<li><code>${output.path}</code>${outputs.length > 1 ? html` <small>${output.name}</small>` : null}</li>`,
  );
  const links = shownRecords.map(
    ([file, title]) => html`<li><a href="${recordLink(entry, file)}">${title}</a></li>`,
  );
  return html`<tr><th scope="row"><code>${attribute}</code><small>${name}</small>${description}</th><td>${version ?? ""}</td><td>${linkage.system}<small>${system}</small></td><td><span class="tag good">${linkage.verdict}</span><small>${linkage.headline}</small>${exceptions}</td><td><ul>${paths}</ul></td><td><ul>${links}</ul></td></tr>
`;
}

function facts({ packages, binaryCacheUrl }: ChannelIndex): Html {
  const cache = binaryCacheUrl === null ? "told by who publishes it" : html`<code>${binaryCacheUrl}</code>`;
  return html`<dl class="facts"><div><dt>Packages</dt><dd>${packages.length}</dd></div><div><dt>Binary cache</dt><dd>${cache}</dd></div></dl>
`;
}

/** The page of a channel. */
export function renderIndexPage(index: ChannelIndex): string {
  const table = tableOf({
    caption:
      "Each package was built in a container of its system; the verdict is that of its linkage report.",
    headings: ["Package", "Version", "System", "Linkage", "Store path", "Records"],
    rows: index.packages.map(row),
    id: "channel-table",
  });
  const content = html`<header>
<p class="overline">Channel</p>
<h1>${index.name}</h1>
</header>
${facts(index)}${table}`;
  return pageOf({
    title: `Channel ${index.name}`,
    skip: "Skip to the packages",
    content,
    madeFrom: html`<code>index.json</code> (${index.schema})`,
  });
}
