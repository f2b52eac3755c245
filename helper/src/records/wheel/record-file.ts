/**
 * A wheel's RECORD: a line of CSV for each file, with its path, hash and size.
 * https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
 */
import { createHash } from "node:crypto";

/** path,hash,size; a path with a comma or a quote is quoted. */
const linePattern = /^(?:"((?:[^"]|"")*)"|([^,"]*)),([^,]*),([^,]*)$/;

/** Path and hash of a line; null for what is none. */
function parseLine(line: string): { path: string; hash: string } | null {
  const match = linePattern.exec(line);
  if (!match) return null;
  return { path: match[1]?.replaceAll('""', '"') ?? match[2] ?? "", hash: match[3] ?? "" };
}

/** Path → SHA-256 in hexadecimal digits, for the files that have one; empty for one that has several. */
export function hashesOf(record: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const line of record.split(/\r?\n/)) {
    const { path, hash } = parseLine(line) ?? {};
    const digest = hash?.startsWith("sha256=") ? Buffer.from(hash.slice(7), "base64url").toString("hex") : "";
    if (path === undefined || digest.length !== 64) continue;
    hashes.set(path, [undefined, digest].includes(hashes.get(path)) ? digest : "");
  }
  return hashes;
}

function recordLine(path: string, data: Uint8Array): string {
  const quoted = /[",]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
  return `${quoted},sha256=${createHash("sha256").update(data).digest("base64url")},${data.length}`;
}

/**
 * RECORD with one more file, in front of its own line, which comes last by custom. A line that the
 * file had before is replaced; all others stay as they are.
 */
export function addToRecord(record: string, own: string, path: string, data: Uint8Array): string {
  const ending = record.includes("\r\n") ? "\r\n" : "\n";
  const lines = record.split(ending).filter((line) => line !== "");
  const others = lines.filter((line) => ![own, path].includes(parseLine(line)?.path ?? ""));
  const ownLine = lines.find((line) => parseLine(line)?.path === own) ?? `${own},,`;
  return [...others, recordLine(path, data), ownLine, ""].join(ending);
}
