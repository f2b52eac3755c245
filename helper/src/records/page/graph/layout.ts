/** Where the boxes of the picture stand. */
import { Graph as Dagre, layout } from "@dagrejs/dagre";
import type { Column, Graph, GraphNode } from "./model.ts";

/** Of the upper left corner, in the picture's units. */
export interface Place {
  node: GraphNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  places: Map<string, Place>;
  /** Left edge and width of each column. */
  columns: Record<Column, { x: number; width: number }>;
}

/** A character of the picture's fixed-width type takes this; labels are cut to the box. */
export const characterWidth = 7.3;
const boxHeight = 40;
const padding = 14;
const characters = { file: [22, 34], library: [18, 30], package: [20, 28] } as const;
const gap = 90;
const nodeGap = 14;

/** Width of a column's boxes: that of the longest label, within bounds. */
function columnWidth(nodes: GraphNode[], column: Column): number {
  const [least, most] = characters[column];
  const longest = nodes
    .filter((node) => node.column === column)
    .reduce((length, { label, detail }) => Math.max(length, label.length, detail.length), 0);
  return Math.ceil(Math.min(most, Math.max(least, longest)) * characterWidth + 2 * padding);
}

/** Lays the graph out from left to right. The same graph is laid out the same. */
export function layOut({ nodes, edges }: Graph): Layout {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const dagre = new Dagre();
  dagre.setGraph({ rankdir: "LR", nodesep: nodeGap, ranksep: gap, ranker: "longest-path" });
  dagre.setDefaultEdgeLabel(() => ({}));
  const widths = {
    file: columnWidth(nodes, "file"),
    library: columnWidth(nodes, "library"),
    package: columnWidth(nodes, "package"),
  };
  for (const { id, column } of nodes) dagre.setNode(id, { width: widths[column], height: boxHeight });
  // What is bold stands nearer to a straight line.
  for (const { from, to, light } of edges) dagre.setEdge(from, to, { weight: light ? 1 : 3 });
  layout(dagre);
  // Boxes stand in the column of what they are, whatever they are connected with.
  const columns = {
    file: { x: 0, width: widths.file },
    library: { x: widths.file + gap, width: widths.library },
    package: { x: widths.file + widths.library + 2 * gap, width: widths.package },
  };
  const middles = new Map(nodes.map(({ id }) => [id, (dagre.node(id) as { y: number }).y]));
  const places = new Map<string, Place>();
  for (const [id, y] of tighten(nodes, middles)) {
    const node = byId.get(id) as GraphNode;
    places.set(id, { node, ...columns[node.column], y: Math.round(y), height: boxHeight });
  }
  const height = [...places.values()].reduce((most, { y }) => Math.max(most, y + boxHeight), 0);
  return { width: columns.package.x + widths.package, height, places, columns };
}

/**
 * Upper edges from middles. Where many lines cross, dagre pulls the boxes far apart to straighten a
 * few of them: then each column is stacked in dagre's order, beside the middle of the highest.
 */
function tighten(nodes: GraphNode[], middles: Map<string, number>): [id: string, y: number][] {
  const stacks = (["file", "library", "package"] as const).map((column) =>
    nodes
      .filter((node) => node.column === column)
      .map(({ id }) => [id, middles.get(id) ?? 0] as const)
      .sort(([, a], [, b]) => a - b),
  );
  const heightOf = (length: number) => length * (boxHeight + nodeGap) - nodeGap;
  const highest = heightOf(Math.max(...stacks.map(({ length }) => length)));
  if (Math.max(...middles.values()) + boxHeight / 2 <= 1.5 * highest + 60) {
    return stacks.flat().map(([id, middle]) => [id, middle - boxHeight / 2]);
  }
  return stacks.flatMap((stack) => {
    const start = (highest - heightOf(stack.length)) / 2;
    return stack.map(([id], index): [string, number] => [id, start + index * (boxHeight + nodeGap)]);
  });
}
