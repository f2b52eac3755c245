/** Finds the ELF files of a build's outputs: in its folders, and inside archives, nested too. */
import { closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { codeOf, messageOf } from "../../common/errors.ts";
import { readable } from "../../common/readable.ts";
import { type ByteSource, type FileSource, withFile } from "../elf/bytes.ts";
import { type ElfFacts, readElf } from "../elf/facts.ts";
import { endsAsZip, headSize, type Kind, kindOf } from "./kind.ts";
import { Budget, defaultLimits, type Limits, tooMuch } from "./limits.ts";

/** An ELF file that could be read. */
export interface FoundFile {
  output: string;
  /** Relative to the output; inside archives "archive!/path", nested as often as they are. */
  path: string;
  /**
   * Where it lies, in the output or unpacked below the scratch folder, beside the other ELF files
   * of its archive as in there, so that $ORIGIN works; bytes: it need not be UTF-8.
   */
  file: Buffer;
  /** Folder that stands for the top of its archive; null for what is in none. */
  root: string | null;
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
interface Candidate {
  output: string;
  path: string;
  file: Buffer;
  root: string | null;
}

/** All regular files below a folder, or the file itself. Symbolic links are not followed. */
function* walk(output: string, file: Buffer, path: string): Generator<Candidate> {
  for (const entry of readdirSync(file, { withFileTypes: true, encoding: "buffer" })) {
    const below = Buffer.concat([file, Buffer.from("/"), entry.name]);
    // A folder must not look like an archive.
    const name = readable(entry.name).replace(/!$/, "\\!");
    const pathBelow = path === "" ? name : `${path}/${name}`;
    if (entry.isDirectory()) yield* walk(output, below, pathBelow);
    else if (entry.isFile()) yield { output, path: pathBelow, file: below, root: null };
  }
}

function candidates(output: string, path: string): Iterable<Candidate> {
  if (lstatSync(path).isDirectory()) return walk(output, Buffer.from(path), "");
  // A path in the Nix store goes by its name, without the hash.
  const name = basename(path).replace(/^[0-9a-z]{32}-/, "");
  return [{ output, path: readable(Buffer.from(name)), file: Buffer.from(path), root: null }];
}

const head = Buffer.alloc(headSize);

/**
 * The first bytes of a file, valid until the next call. Most of 100,000 files are of no interest,
 * and reading them in blocks takes twice as long.
 */
function headOf(file: Buffer): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return head.subarray(0, readSync(descriptor, head, 0, headSize, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Kinds of a file: an ELF file may have a zip appended to it. */
function kindsOf(source: ByteSource): Kind[] {
  const kind = kindOf(source.read(0, Math.min(source.size, headSize)));
  if (kind !== "elf" && kind !== "script") return kind === "other" ? [] : [kind];
  const kinds: Kind[] = kind === "elf" ? ["elf"] : [];
  return endsAsZip(source) ? [...kinds, "zip"] : kinds;
}

class Search {
  readonly result: FindResult = { files: [], unreadable: [] };
  readonly #budget: Budget;
  #archives = 0;
  /** The file of an output that is looked into, and how much of it cannot be read. */
  #outermost: Candidate | null = null;
  #told = 0;
  #gaveUp = false;

  constructor(
    private readonly scratch: string,
    limits: Limits,
  ) {
    this.#budget = new Budget(limits);
  }

  /** Looks into one file. @param depth number of archives that it is in */
  async examine(candidate: Candidate, depth: number): Promise<void> {
    if (depth === 0) {
      this.#outermost = candidate;
      this.#told = 0;
      this.#gaveUp = false;
    }
    if (this.#gaveUp) return;
    const kinds = this.#attempt(candidate, () => {
      if (kindOf(headOf(candidate.file)) === "other") return [];
      return withFile(candidate.file, (source) => {
        const found = kindsOf(source);
        if (found[0] === "elf") this.#read(candidate, source);
        return found;
      });
    });
    for (const kind of kinds ?? []) if (kind !== "elf") await this.#unpack(kind, candidate, depth);
  }

  #unreadable({ output, path }: Candidate, message: string): void {
    if (this.#gaveUp) return;
    this.result.unreadable.push({ output, path, message });
    if (++this.#told <= this.#budget.limits.unreadable) return;
    // Nested bombs would have a hundred thousand; each costs time, too.
    this.#gaveUp = true;
    const outermost = { output, path: this.#outermost?.path ?? path, message: tooMuch };
    const isTold = this.result.unreadable.some(
      (one) => one.output === output && one.path === outermost.path && one.message === tooMuch,
    );
    if (!isTold) this.result.unreadable.push(outermost);
  }

  #attempt<T>(candidate: Candidate, action: () => T): T | null {
    try {
      return action();
    } catch (error) {
      // Denied, or gone; but what is the machine's fault is nothing to report of the file.
      if (["ENOSPC", "EMFILE", "ENFILE", "ENOMEM"].includes(codeOf(error) ?? "")) throw error;
      this.#unreadable(candidate, messageOf(error));
      return null;
    }
  }

  #read({ output, path, file, root }: Candidate, source: FileSource): void {
    this.result.files.push({ output, path, file, root, facts: readElf(source) });
  }

  async #unpack(kind: Kind, candidate: Candidate, depth: number): Promise<void> {
    if (depth >= this.#budget.limits.depth) {
      this.#unreadable(candidate, `it is an archive within ${depth} others`);
      return;
    }
    const { unpack } = await import("./unpack.ts");
    const root = join(this.scratch, String(this.#archives++));
    const { members, failure } = await unpack(kind, candidate.file, root, this.#budget);
    if (failure !== null) this.#unreadable(candidate, failure);
    const inside = (path: string, file: Buffer): Candidate => ({
      output: candidate.output,
      path: `${candidate.path}!/${path}`,
      file,
      root,
    });
    for (const { path, message } of members.refused) this.#unreadable(inside(path, candidate.file), message);
    for (const { name, file, kind } of members.written) {
      await this.examine(inside(readable(name), file), depth + 1);
      // Only ELF files are of use to others.
      if (kind !== "elf") rmSync(file);
    }
  }
}

/**
 * Finds and reads them, in order of output and path. Whatever is wrong with a file or an archive is
 * told by `unreadable`; what it throws is the machine's fault: a full disk, a missing output.
 *
 * @param outputs name → folder or file
 * @param scratch an empty folder for what archives hold; to be removed when the files are done with
 */
export async function findElfFiles(
  outputs: Record<string, string>,
  scratch: string,
  limits: Limits = defaultLimits,
): Promise<FindResult> {
  mkdirSync(scratch, { recursive: true });
  const search = new Search(scratch, limits);
  for (const [output, path] of Object.entries(outputs)) {
    for (const candidate of candidates(output, path)) await search.examine(candidate, 0);
  }
  const order = (a: Unreadable | FoundFile, b: Unreadable | FoundFile) =>
    a.output === b.output ? (a.path < b.path ? -1 : 1) : a.output < b.output ? -1 : 1;
  search.result.files.sort(order);
  search.result.unreadable.sort(order);
  return search.result;
}
