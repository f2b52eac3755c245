/**
 * Static libraries that were linked into the build's files, as the linkers wrote down while they
 * worked (builders/build/linker.sh).
 */
import { basename } from "node:path";
import { VoyagerError } from "../common/errors.ts";

/** One link that read static libraries which are not the build's own. */
export interface LinkRecord {
  /** Null where the link made none. */
  buildId: string | null;
  /** What was linked: its path as the linker was given it. */
  output: string;
  /** Real paths of the libraries, in the environment. */
  archives: string[];
}

/** What tells a file of an output which link made it. */
export interface LinkedFile {
  path: string;
  buildId: string | null;
  /** Whether a linker made it: no object file. */
  linked: boolean;
}

/** Part of a script: prints all records that the folder `links` holds, if they are still kept there. */
export const printRecords = (links: string) =>
  `[ ! -f ${links}/watched ] || [ ! -w ${links} ] || echo watched
for record in ${links}/*.link; do [ -f "$record" ] && cat "$record"; done\n`;

/**
 * Reads what the script printed. What was linked to an object (`ld -r`) is left out: it is in the
 * record of the file that the object was linked into. Throws when the build has meddled with the folder.
 */
export function parseRecords(text: string): LinkRecord[] {
  if (!/^watched$/m.test(text)) {
    throw new VoyagerError("linkage", "what the linkers wrote down while they worked is gone", {
      why: "the build has removed or closed the folder links in /build/.voyager, so nobody can tell which static libraries it linked",
      remedy: "have the build leave /build/.voyager alone",
    });
  }
  const records: LinkRecord[] = [];
  for (const line of text.split("\n")) {
    const [, word, value = ""] = /^(id|output|archive) ?(.*)$/.exec(line) ?? [];
    const last = records.at(-1);
    if (word === "id") records.push({ buildId: value || null, output: "", archives: [] });
    else if (word === "output" && last) last.output = value;
    else if (word === "archive" && last) last.archives.push(value);
    else if (line === "relocatable") records.pop();
  }
  return records;
}

/**
 * Which static libraries each file has in it: path → archives. A file is known by its build id. One
 * without, as after `strip -R`, by its name; and a link without one whose name no file bears may
 * have made any of these, so it counts for all of them: better one alarm too many.
 */
export function attribute(records: LinkRecord[], files: LinkedFile[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  const add = (file: LinkedFile, { archives }: LinkRecord) => {
    const known = found.get(file.path) ?? new Set();
    for (const archive of archives) known.add(archive);
    found.set(file.path, known);
  };
  const linked = files.filter((file) => file.linked);
  const nameless = linked.filter(({ buildId }) => buildId === null);
  const byId = (id: string) => linked.filter(({ buildId }) => buildId === id);
  for (const record of records) {
    const same = record.buildId === null ? [] : byId(record.buildId);
    const sameName = nameless.filter(({ path }) => basename(path) === basename(record.output));
    const guessed = sameName.length > 0 || record.buildId !== null ? sameName : nameless;
    for (const file of same.length > 0 ? same : guessed) add(file, record);
  }
  return new Map([...found].map(([path, archives]) => [path, [...archives].sort()]));
}
