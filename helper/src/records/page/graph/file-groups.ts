/** Which files share a box in the picture: each its own while they are few, else those alike. */
import { group } from "../../../common/group.ts";
import { count } from "../../../common/text.ts";
import { fileName } from "../../../linkage/file-name.ts";
import type { Library, ReportFile } from "../../../linkage/report.ts";
import { libraryKey } from "../libraries.ts";

/** More files than this are grouped. */
const mostSingle = 12;
/** No picture has more boxes of files. */
const mostGroups = 16;

/** Files of one box and the libraries that they load. */
export interface FileGroup {
  files: ReportFile[];
  /** Tells them from other boxes: their folder, or one of their names. */
  detail: string;
  /** Libraries that one of them needs itself, and those that come with these. */
  direct: Map<string, Library>;
  transitive: Map<string, Library>;
}

function folderOf(file: ReportFile): string[] {
  return fileName(file).split("/").slice(0, -1);
}

function commonFolder(files: ReportFile[]): string {
  let common = folderOf(files[0] as ReportFile);
  for (const file of files) {
    const folder = folderOf(file);
    const end = common.findIndex((part, index) => part !== folder[index]);
    if (end >= 0) common = common.slice(0, end);
  }
  return common.join("/");
}

function toGroup(files: ReportFile[], detail: string): FileGroup {
  const direct = new Map<string, Library>();
  const transitive = new Map<string, Library>();
  for (const file of files) for (const one of file.needed) direct.set(libraryKey(one), one);
  for (const file of files) {
    for (const one of file.closure) {
      const key = libraryKey(one);
      if (!direct.has(key)) transitive.set(key, one);
    }
  }
  return { files, detail, direct, transitive };
}

/** Boxes with what tells them apart: the folder if no other has the same, else the first name. */
function toGroups(lists: ReportFile[][], alone = false): FileGroup[] {
  const folders = lists.map(commonFolder);
  return lists.map((files, index) => {
    const folder = folders[index] ?? "";
    const unique = alone || folders.indexOf(folder) === folders.lastIndexOf(folder);
    const [first] = files;
    const name = first ? fileName(first).replace(/.*\//, "") : "";
    return toGroup(files, unique || files.length === 1 ? folder || "in the output" : `${name} …`);
  });
}

function groupBy(files: ReportFile[], keyOf: (file: ReportFile) => string): ReportFile[][] {
  return [...group(files.map((file) => [keyOf(file), file])).values()];
}

const needsOf = (file: ReportFile) =>
  [...file.needed.map(libraryKey), ...file.static.map(({ archive }) => archive)].sort().join("\n");

/** The largest groups, and all other files in one more. */
function largest(groups: ReportFile[][]): ReportFile[][] {
  const sorted = groups.toSorted((a, b) => b.length - a.length);
  return [...sorted.slice(0, mostGroups - 1), sorted.slice(mostGroups - 1).flat()];
}

/** Groups of files, and in words how they were made; null when each file has its own box. */
export function groupFiles(files: ReportFile[]): { groups: FileGroup[]; how: string | null } {
  if (files.length <= mostSingle) {
    return {
      groups: toGroups(
        files.map((file) => [file]),
        true,
      ),
      how: null,
    };
  }
  const total = count(files.length, "file");
  const alike = groupBy(files, needsOf);
  if (alike.length <= mostGroups) {
    const how = `${total} are drawn as ${count(alike.length, "box", "boxes")}: those that need the same libraries share one.`;
    return { groups: toGroups(alike), how };
  }
  const deepest = files.reduce((most, file) => Math.max(most, folderOf(file).length), 0);
  // A folder deeper than this has no meaning to a reader, only a cost.
  for (let depth = Math.min(deepest, 12); depth >= 1; depth--) {
    const byFolder = groupBy(files, (file) => folderOf(file).slice(0, depth).join("/"));
    if (byFolder.length > mostGroups) continue;
    if (byFolder.length < 3) break;
    const how = `${total} are drawn as ${count(byFolder.length, "box", "boxes")}, one for each folder, with all that the files in it need.`;
    return { groups: toGroups(byFolder), how };
  }
  const how = `${total} are drawn as ${mostGroups} boxes: those that need the same libraries share one, the last is of all the rest.`;
  const groups = toGroups(largest(alike));
  return {
    groups: [
      ...groups.slice(0, -1),
      ...groups.slice(-1).map((rest) => ({ ...rest, detail: "all the rest" })),
    ],
    how,
  };
}
