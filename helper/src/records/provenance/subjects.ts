/**
 * What a statement is about: the files of outputs, by their SHA-256.
 *
 * nix-support/ is left out, because the statement itself lies there. An output of many files is one
 * subject, with in-toto's `dirHash`: the SHA-256 of the lines that `sha256sum` prints for its files,
 * sorted by name (https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md). Links and
 * modes are not part of that; the NAR hash, which has them, is added by `voyager provenance`.
 */
import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** in-toto's ResourceDescriptor, as far as we fill it. */
export interface Resource {
  name?: string;
  uri?: string;
  digest?: Record<string, string>;
  annotations?: Record<string, unknown>;
}
export interface Subject extends Resource {
  name: string;
  digest: Record<string, string>;
}

/** Beyond this many files an output is one subject. */
const mostFiles = 50;
const chunkSize = 1024 * 1024;

/** SHA-256 of a file in hexadecimal digits. @param buffer to read into, for who asks for many */
export function sha256OfFile(file: string, buffer: Buffer = Buffer.allocUnsafe(chunkSize)): string {
  const hash = createHash("sha256");
  const descriptor = openSync(file, "r");
  try {
    for (;;) {
      const count = readSync(descriptor, buffer);
      if (count === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}

function regularFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => path.split(sep)[0] !== "nix-support");
}

/** Order of bytes, as `LC_ALL=C sort` has it. */
function inByteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** in-toto's dirHash. A line break in a name is escaped, as sha256sum does. */
function dirHash(files: [name: string, digest: string][]): string {
  const lines = files.map(([name, digest]) => `${digest}  ${name.replaceAll("\n", "\\n")}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

function subjectsOfOutput(output: string, path: string, buffer: Buffer): Subject[] {
  if (!lstatSync(path).isDirectory()) {
    return [{ name: output, digest: { sha256: sha256OfFile(path, buffer) } }];
  }
  const files = regularFiles(path)
    .sort(inByteOrder)
    .map((name): [string, string] => [name, sha256OfFile(join(path, name), buffer)]);
  if (files.length === 0 || files.length > mostFiles) {
    return [{ name: output, digest: { dirHash: dirHash(files) } }];
  }
  const prefix = output === "out" ? "" : `${output}:`;
  return files.map(([name, digest]) => ({ name: `${prefix}${name}`, digest: { sha256: digest } }));
}

/**
 * The subjects of outputs, in their order. A file's name is relative to its output, with the output
 * before it ("dev:include/x.h") unless it is "out".
 *
 * @param outputs name → path
 */
export function subjectsOf(outputs: Record<string, string>): Subject[] {
  const buffer = Buffer.allocUnsafe(chunkSize);
  return Object.entries(outputs).flatMap(([output, path]) => subjectsOfOutput(output, path, buffer));
}
