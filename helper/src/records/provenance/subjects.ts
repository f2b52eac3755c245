/**
 * What a statement is about: the files of outputs, by their SHA-256.
 *
 * nix-support/ is left out, because the statement itself lies there. An output of many files, or of one
 * whose name is not UTF-8, is one subject, with in-toto's `dirHash`: the SHA-256 of the lines that `sha256sum` prints for its files,
 * sorted by name (https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md). Links and
 * modes are not part of that; the NAR hash, which has them, is added by `voyager provenance`.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";

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
const supportFolder = Buffer.from("nix-support");
const slash = Buffer.from("/");

/** SHA-256 of a file in hexadecimal digits. @param buffer to read into, for who asks for many */
export function sha256OfFile(file: string | Buffer, buffer: Buffer = Buffer.allocUnsafe(chunkSize)): string {
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

/** A file of an output: its name as bytes, which need not be UTF-8. */
interface NamedFile {
  name: Buffer;
  path: Buffer;
}

/** In order of bytes, as `LC_ALL=C sort` has it. */
function regularFiles(folder: string): NamedFile[] {
  const files: NamedFile[] = [];
  const walk = (path: Buffer, name: Buffer | null) => {
    for (const entry of readdirSync(path, { withFileTypes: true, encoding: "buffer" })) {
      if (name === null && entry.name.equals(supportFolder)) continue;
      const below = name === null ? entry.name : Buffer.concat([name, slash, entry.name]);
      const place = Buffer.concat([path, slash, entry.name]);
      if (entry.isDirectory()) walk(place, below);
      else if (entry.isFile()) files.push({ name: below, path: place });
    }
  };
  walk(Buffer.from(folder), null);
  return files.sort((a, b) => Buffer.compare(a.name, b.name));
}

/** in-toto's dirHash. A line break in a name is escaped, as sha256sum does. */
function dirHash(files: [name: Buffer, digest: string][]): string {
  const hash = createHash("sha256");
  for (const [name, digest] of files) {
    hash.update(`${digest}  ${name.toString("latin1").replaceAll("\n", "\\n")}\n`, "latin1");
  }
  return hash.digest("hex");
}

function subjectsOfOutput(output: string, path: string, buffer: Buffer): Subject[] {
  if (!lstatSync(path).isDirectory()) {
    return [{ name: output, digest: { sha256: sha256OfFile(path, buffer) } }];
  }
  const files = regularFiles(path).map(({ name, path: file }): [Buffer, string] => [
    name,
    sha256OfFile(file, buffer),
  ]);
  // A name that is no text could not be said.
  if (files.length === 0 || files.length > mostFiles || !files.every(([name]) => isUtf8(name))) {
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
