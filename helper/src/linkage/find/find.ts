/** Finds the ELF files of a build's outputs: in its folders, and inside archives. */
import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { messageOf } from "../../common/errors.ts";
import { readable } from "../../common/readable.ts";
import { withFile } from "../elf/bytes.ts";
import { type ElfFacts, readElf } from "../elf/facts.ts";
import { isElf } from "../elf/layout.ts";

/** An ELF file that could be read. */
export interface FoundFile {
  output: string;
  /** Relative to the output; inside archives "archive!/path", nested as often as they are. */
  path: string;
  /** Where it lies, in the output or unpacked below the scratch folder; bytes: it need not be UTF-8. */
  file: Buffer;
  facts: ElfFacts;
}

/** What cannot be read: an ELF file, an archive, or a member of one. */
export interface Unreadable {
  output: string;
  path: string;
  message: string;
}

export interface FindResult {
  files: FoundFile[];
  unreadable: Unreadable[];
}

/** A file to look into, under the name that the report gives it. */
export interface Candidate {
  output: string;
  path: string;
  /** Where it lies, as bytes: a name need not be UTF-8. */
  file: Buffer;
}

/** All regular files below a folder, or the file itself. Symbolic links are not followed. */
function* walk(output: string, file: Buffer, path: string): Generator<Candidate> {
  if (lstatSync(file).isFile()) yield { output, path, file };
  if (!lstatSync(file).isDirectory()) return;
  for (const entry of readdirSync(file, { withFileTypes: true, encoding: "buffer" })) {
    const below = Buffer.concat([file, Buffer.from("/"), entry.name]);
    const name = path === "" ? readable(entry.name) : `${path}/${readable(entry.name)}`;
    if (entry.isDirectory()) yield* walk(output, below, name);
    else if (entry.isFile()) yield { output, path: name, file: below };
  }
}

/** What the first bytes of a file say that it is. */
type Kind = "elf" | "archive" | "other";

function kindOf(candidate: Candidate, result: FindResult): Kind {
  try {
    return withFile(candidate.file, (bytes) => {
      const head = bytes.read(0, Math.min(bytes.size, 512));
      return isElf(head) ? "elf" : "other";
    });
  } catch (error) {
    result.unreadable.push({ output: candidate.output, path: candidate.path, message: messageOf(error) });
    return "other";
  }
}

/**
 * Finds and reads them, in order of output and path.
 *
 * @param outputs name → folder or file
 * @param scratch an empty folder for what archives hold
 */
export async function findElfFiles(outputs: Record<string, string>, scratch: string): Promise<FindResult> {
  const result: FindResult = { files: [], unreadable: [] };
  mkdirSync(scratch, { recursive: true });
  for (const [output, path] of Object.entries(outputs)) {
    for (const candidate of walk(output, Buffer.from(path), "")) {
      const kind = kindOf(candidate, result);
      if (kind === "elf") readInto(result, candidate);
    }
  }
  const order = (a: { output: string; path: string }, b: { output: string; path: string }) =>
    a.output === b.output ? (a.path < b.path ? -1 : 1) : a.output < b.output ? -1 : 1;
  result.files.sort(order);
  result.unreadable.sort(order);
  return result;
}

/** Reads an ELF file into the result, as facts or as what cannot be read. */
export function readInto(result: FindResult, { output, path, file }: Candidate): void {
  try {
    result.files.push({ output, path, file, facts: withFile(file, readElf) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    result.unreadable.push({ output, path, message: error.message });
  }
}
