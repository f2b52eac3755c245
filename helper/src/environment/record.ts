/** What an environment holds, as its package manager said when it was made. */
import * as v from "valibot";

const recordSchema = v.object({
  /** Contents of /etc/os-release. */
  osRelease: v.record(v.string(), v.string()),
  packages: v.array(
    v.object({
      name: v.string(),
      version: v.string(),
      arch: v.string(),
      /** Source package that it was built from, and that one's version: the names of security trackers. */
      source: v.string(),
      sourceVersion: v.string(),
    }),
  ),
  /** Contents of /etc/passwd and /etc/group, to which a build's user is added. */
  passwd: v.string(),
  group: v.string(),
});

export type EnvironmentRecord = v.InferOutput<typeof recordSchema>;

/** Reads a record from an image's label. Throws when it is not one. */
export function parseRecord(label: string | undefined): EnvironmentRecord {
  return v.parse(recordSchema, JSON.parse(label ?? "null"));
}

/** Values of an os-release file (os-release(5)): NAME=value, possibly quoted. */
export function parseOsRelease(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const match = /^([A-Z0-9_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
    if (match?.[1]) values[match[1]] = match[2] ?? match[3] ?? match[4] ?? "";
  }
  return values;
}

/** Splits text at lines of the form "@@ name" into the parts between them. */
export function splitSections(text: string): Record<string, string> {
  const sections: Record<string, string> = {};
  for (const part of text.split(/^@@ /m).slice(1)) {
    const newline = part.indexOf("\n");
    sections[part.slice(0, newline)] = part.slice(newline + 1);
  }
  return sections;
}
