/** The picture's boxes and lines, bounded in number: files, the libraries they load, whose these are. */
import { count } from "../../../common/text.ts";
import { fileName } from "../../../linkage/file-name.ts";
import type { Library, StaticLibrary } from "../../../linkage/report.ts";
import { libraryKey, type PageContext, providerWords, type Tone, toneOf } from "../libraries.ts";
import { type FileGroup, groupFiles } from "./file-groups.ts";

export type Column = "file" | "library" | "package";

export interface GraphNode {
  id: string;
  column: Column;
  /** Two lines in the box. */
  label: string;
  detail: string;
  /** All names that the box stands for. */
  names: string[];
  /** Only there because something else needs it. */
  light: boolean;
  tone: Tone;
}

export interface GraphEdge {
  from: string;
  to: string;
  light: boolean;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** What was put together to keep the picture readable. */
  grouped: string[];
}

const worst = (tones: Tone[]): Tone =>
  tones.includes("bad") ? "bad" : tones.includes("noted") ? "noted" : "good";

/** Boxes of libraries that files need themselves, of those that come along, and light lines. */
const most = { direct: 26, transitive: 10, lightLines: 60 };

/** Libraries that share a box. */
interface Box {
  libraries: Library[];
  light: boolean;
  static: boolean;
}

function ownerOf({ provider, soname }: Library, { bundled }: PageContext): string {
  return provider.package ?? bundled.get(soname) ?? `(${providerWords(provider)})`;
}

/** An archive that was linked in, as if it were a library: it stands in the same column. */
function archiveAsLibrary({ archive, provider }: StaticLibrary): Library {
  return { soname: archive.replace(/.*\//, ""), path: archive, provider };
}

function boxesBy(
  libraries: Map<string, Library>,
  light: boolean,
  keyOf: (one: Library) => string,
): Map<string, Box> {
  const boxes = new Map<string, Box>();
  for (const one of libraries.values()) {
    const key = keyOf(one);
    const box = boxes.get(key) ?? { libraries: [], light, static: false };
    box.libraries.push(one);
    boxes.set(key, box);
  }
  return boxes;
}

/** One box for each library; for each owner where these are too many; the rest in one box. */
function boxesOf(
  libraries: Map<string, Library>,
  light: boolean,
  limit: number,
  context: PageContext,
): Map<string, Box> {
  if (libraries.size <= limit) return boxesBy(libraries, light, libraryKey);
  const byOwner = boxesBy(libraries, light, (one) => ownerOf(one, context));
  if (byOwner.size <= limit) return byOwner;
  const owners = new Set([...byOwner.keys()].slice(0, light ? 0 : limit - 1));
  return boxesBy(libraries, light, (one) => {
    const owner = ownerOf(one, context);
    return owners.has(owner) ? owner : "\0rest";
  });
}

/** All libraries of the groups: those that a file needs itself, and the others. */
function librariesOf(groups: FileGroup[]) {
  const direct = new Map<string, Library>();
  const transitive = new Map<string, Library>();
  for (const group of groups) for (const [key, one] of group.direct) direct.set(key, one);
  for (const group of groups) {
    for (const [key, one] of group.transitive) if (!direct.has(key)) transitive.set(key, one);
  }
  const byName = (map: Map<string, Library>) =>
    new Map([...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return { direct: byName(direct), transitive: byName(transitive) };
}

function fileNode(group: FileGroup, index: number, { troubled }: PageContext): GraphNode {
  const names = group.files.map(fileName);
  const single = names.length === 1;
  const bad = names.some((name) => troubled.has(name));
  return {
    id: `file${index}`,
    column: "file",
    label: single ? (names[0]?.replace(/.*\//, "") ?? "") : count(names.length, "file"),
    detail: group.detail,
    names,
    light: false,
    tone: bad ? "bad" : "good",
  };
}

function libraryNode(box: Box, index: number, context: PageContext): GraphNode {
  const [first] = box.libraries;
  const more = box.libraries.length - 1;
  const folder = first?.path?.replace(/\/[^/]*$/, "") ?? "not found";
  return {
    id: `library${index}`,
    column: "library",
    label: more === 0 ? (first?.soname ?? "") : `${count(box.libraries.length, "library", "libraries")}`,
    detail: more === 0 ? (box.static ? "linked statically" : folder) : `${first?.soname} …`,
    names: box.libraries.map(({ soname }) => soname),
    light: box.light,
    tone: worst([box.static ? "noted" : "good", ...box.libraries.map((one) => toneOf(one, context))]),
  };
}

/** Boxes of the owners that a box of libraries leads to: each, or one that counts them. */
function ownersOf(box: Box, context: PageContext): { key: string; names: string[]; detail: string }[] {
  const owners = new Map<string, string>();
  for (const one of box.libraries) {
    const owner = ownerOf(one, context);
    const row = context.packageRows.get(owner);
    const known = row === undefined ? undefined : context.report.packages[row]?.version;
    owners.set(owner, one.provider.version ?? known ?? "");
  }
  if (owners.size <= 3) {
    return [...owners].map(([name, version]) => ({ key: name, names: [name], detail: version }));
  }
  const names = [...owners.keys()].sort();
  return [{ key: `\0${names.join("\0")}`, names, detail: `${names[0]} …` }];
}

/** Makes the picture of a report. */
export function graphOf(context: PageContext): Graph {
  const { groups, how } = groupFiles(context.report.files);
  const { direct, transitive } = librariesOf(groups);
  const archives = new Map<string, Library>();
  for (const { files } of groups) {
    for (const file of files) for (const one of file.static) archives.set(one.archive, archiveAsLibrary(one));
  }
  const room = Math.min(most.transitive, Math.floor(most.lightLines / Math.max(1, groups.length)));
  const boxes = [
    ...boxesOf(direct, false, most.direct, context).values(),
    ...[...boxesOf(archives, false, most.transitive, context).values()].map((box) => ({
      ...box,
      static: true,
    })),
    ...boxesOf(transitive, true, room, context).values(),
  ];
  const files = groups.map((group, index) => fileNode(group, index, context));
  const libraries = boxes.map((box, index) => libraryNode(box, index, context));
  const { nodes: packages, edges: owned } = packageNodes(boxes, libraries, context);
  const grouped = how === null ? [] : [how];
  const all = direct.size + transitive.size + archives.size;
  if (all > boxes.length) {
    grouped.push(
      `${count(all, "library", "libraries")} are drawn as ${count(boxes.length, "box", "boxes")}: those of a package share one, and so do some that come only with others.`,
    );
  }
  const lines = fileEdges(groups, boxes);
  const clear = withoutTangle(lines, libraries);
  if (clear.length < lines.length) {
    grouped.push("A library that a file needs itself has lines from such files only.");
  }
  return {
    nodes: [...files, ...libraries, ...packages],
    edges: [...clear, ...owned],
    grouped,
  };
}

/** Too many light lines say nothing: then those to a library that has bold ones are left out. */
function withoutTangle(edges: GraphEdge[], libraries: GraphNode[]): GraphEdge[] {
  if (edges.filter(({ light }) => light).length <= most.lightLines) return edges;
  const light = new Set(libraries.filter((node) => node.light).map(({ id }) => id));
  return edges.filter((edge) => !edge.light || light.has(edge.to));
}

/** Lines from files to libraries; bold where a file of the group needs one of them itself. */
function fileEdges(groups: FileGroup[], boxes: Box[]): GraphEdge[] {
  return groups.flatMap((group, from) => {
    const archives = new Set(group.files.flatMap((file) => file.static.map(({ archive }) => archive)));
    return boxes.flatMap((box, to): GraphEdge[] => {
      const edge = { from: `file${from}`, to: `library${to}` };
      if (box.static) {
        return box.libraries.some(({ path }) => archives.has(path ?? "")) ? [{ ...edge, light: false }] : [];
      }
      const keys = box.libraries.map(libraryKey);
      if (keys.some((key) => group.direct.has(key))) return [{ ...edge, light: false }];
      return keys.some((key) => group.transitive.has(key)) ? [{ ...edge, light: true }] : [];
    });
  });
}

function packageNodes(boxes: Box[], libraries: GraphNode[], context: PageContext) {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  for (const [index, box] of boxes.entries()) {
    const from = libraries[index] as GraphNode;
    for (const { key, names, detail } of ownersOf(box, context)) {
      let node = nodes.get(key);
      if (!node) {
        node = {
          id: `package${nodes.size}`,
          column: "package",
          label: names.length === 1 ? (names[0] ?? "") : count(names.length, "package"),
          detail,
          names,
          light: true,
          tone: from.tone,
        };
        nodes.set(key, node);
      }
      node.light &&= box.light;
      node.tone = worst([node.tone, from.tone]);
      edges.push({ from: from.id, to: node.id, light: box.light });
    }
  }
  return { nodes: [...nodes.values()], edges };
}
