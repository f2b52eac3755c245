/** The section with the picture, and the same as a list. */
import { cut, count } from "../../../common/text.ts";
import { type Html, html } from "../html.ts";
import type { PageContext } from "../libraries.ts";
import { type Graph, type GraphNode, graphOf } from "./model.ts";
import { renderSvg } from "./svg.ts";

/** Names of a box in the list. */
const mostNames = 12;

function namesOf({ names }: GraphNode): string {
  const shown = names.slice(0, mostNames).map((name) => cut(name, 160));
  const rest = names.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** What a box of files loads, in words. */
function item(node: GraphNode, graph: Graph, byId: Map<string, GraphNode>): Html {
  const next = (id: string) => graph.edges.filter(({ from }) => from === id);
  const libraries = next(node.id).map(({ to, light }) => {
    const owners = next(to).flatMap((edge) => byId.get(edge.to) ?? []);
    const library = byId.get(to);
    return html`<li class="${light ? "light" : ""}"><code>${library ? namesOf(library) : ""}</code> of <code>${owners.map(namesOf).join(", ")}</code>${light ? " (comes with others)" : ""}</li>`;
  });
  const label =
    node.names.length === 1 ? namesOf(node) : `${count(node.names.length, "file")}: ${namesOf(node)}`;
  return html`<li><code>${label}</code>${libraries.length === 0 ? " loads no library" : html`<ul>${libraries}</ul>`}</li>
`;
}

/** Draws the report. */
export function graphSection(context: PageContext): Html {
  const graph = graphOf(context);
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const { files, packages } = context.report;
  const { libraries } = context;
  const description = `${count(files.length, "file")} of this build, on the left, load ${count(libraries, "library", "libraries")}, in the middle, which belong to ${count(packages.length, "package")}, on the right. The list below the picture says the same in words. ${graph.grouped.join(" ")}`;
  if (files.length === 0) return html``;
  return html`<section aria-labelledby="graph">
<h2 id="graph">From files to packages</h2>
<figure>
<div class="scroll picture" role="region" tabindex="0" aria-label="Picture, can be scrolled">
${renderSvg(graph, description)}
</div>
<figcaption>
<p class="legend"><span class="key bold">needed by a file itself</span> <span class="key light">comes with another library</span> <span class="key noted">allowed exception</span> <span class="key bad">breaks a rule</span></p>
${graph.grouped.length === 0 ? null : html`<p>The tables below name each file and each package.</p>`}
</figcaption>
</figure>
<details><summary>The picture as a list</summary>
<ul class="tree">
${graph.nodes.filter(({ column }) => column === "file").map((node) => item(node, graph, byId))}</ul>
</details>
</section>
`;
}
