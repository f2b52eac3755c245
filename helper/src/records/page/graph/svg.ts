/** The picture: SVG that needs neither scripts nor fonts of its own. */
import { cut, visible } from "../../../common/text.ts";
import { type Html, html, type Part } from "../html.ts";
import { characterWidth, type Layout, layOut, type Place } from "./layout.ts";
import type { Column, Graph, GraphEdge } from "./model.ts";

const headings: Record<Column, string> = {
  file: "Files of this build",
  library: "Libraries they load",
  package: "Packages that own them",
};
const top = 34;
const noteHeight = 20;
/** Names that a box tells when it is pointed at. */
const mostNames = 20;

function box({ node, x, y, width, height }: Place): Html {
  const characters = Math.floor((width - 2 * 12) / characterWidth);
  const classes = ["node", node.column, node.light ? "light" : "", node.tone];
  const more = node.names.length > mostNames ? `\u2026 and ${node.names.length - mostNames} more` : "";
  const names = [...node.names.slice(0, mostNames), ...(more ? [more] : [])].map(visible).join(", ");
  const label = cut(visible(node.label), characters);
  const detail = cut(visible(node.detail), Math.floor(characters * 1.18));
  const line = (className: string, dy: number, text: string) =>
    html`<text class="${className}" x="${x + 12}" y="${top + y + dy}">${text}</text>`;
  return html`<g class="${classes.filter(Boolean).join(" ")}"><title>${names}${detail ? ` (${visible(node.detail)})` : ""}</title><rect x="${x}" y="${top + y}" width="${width}" height="${height}" rx="6"/>${line("label", detail ? 17 : 24, label)}${detail ? line("detail", 32, detail) : null}</g>
`;
}

function line({ from, to, light }: GraphEdge, { places }: Layout): Html | null {
  const start = places.get(from);
  const end = places.get(to);
  if (!start || !end) return null;
  const [x1, y1] = [start.x + start.width, top + start.y + start.height / 2];
  const [x2, y2] = [end.x, top + end.y + end.height / 2];
  const middle = (x1 + x2) / 2;
  const tone = end.node.column === "library" ? end.node.tone : start.node.tone;
  return html`<path class="edge${light ? " light" : ""} ${tone}" d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/>
`;
}

/** The picture of a graph. Its title and description are for those who do not see it. */
export function renderSvg(graph: Graph, description: string): Html {
  const layout = layOut(graph);
  const height = top + layout.height + graph.grouped.length * noteHeight + 12;
  const width = layout.width + 2;
  const titles: Part = (Object.keys(headings) as Column[]).map(
    (column) =>
      html`<text class="heading" x="${layout.columns[column].x + 1}" y="14">${headings[column]}</text>`,
  );
  const notes = graph.grouped.map(
    (text, index) =>
      html`<text class="note" x="1" y="${top + layout.height + 24 + index * noteHeight}">${text}</text>`,
  );
  // Bold lines lie over light ones.
  const edges = graph.edges.toSorted((a, b) => Number(b.light) - Number(a.light));
  return html`<svg role="img" aria-labelledby="graph-name graph-description" viewBox="-1 0 ${width} ${height}" width="${width}" height="${height}">
<title id="graph-name">Files, libraries and packages</title>
<desc id="graph-description">${description}</desc>
${titles}
${edges.map((edge) => line(edge, layout))}${[...layout.places.values()].map(box)}${notes}
</svg>`;
}
