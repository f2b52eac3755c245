/** Finds the ELF files of an output: in its folders, and inside its wheels and zips. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { unzipSync } from "fflate";
import { type ElfLinkage, isElf, readElf } from "./elf.ts";

/** An ELF file and what it asks of the loader; `error` where it cannot be read. */
export interface ElfFile {
  /** Path relative to the output; inside an archive "archive!/path". */
  path: string;
  linkage: ElfLinkage | null;
  error: string | null;
}

function examine(path: string, data: Buffer): ElfFile {
  try {
    return { path, linkage: readElf(data), error: null };
  } catch (error) {
    return { path, linkage: null, error: (error as Error).message };
  }
}

/** The first bytes of a file: enough to tell what it is. */
function beginning(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(20);
    return buffer.subarray(0, readSync(descriptor, buffer));
  } finally {
    closeSync(descriptor);
  }
}

function inArchive(path: string, data: Buffer): ElfFile[] {
  return Object.entries(unzipSync(data))
    .map(([name, content]) => ({ name, content: Buffer.from(content) }))
    .filter(({ content }) => isElf(content))
    .map(({ name, content }) => examine(`${path}!/${name}`, content));
}

/** All ELF files below `output` (a folder or a file), sorted by path. Symbolic links are not followed. */
export function findElfFiles(output: string): ElfFile[] {
  const files = statSync(output).isDirectory()
    ? readdirSync(output, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [output];
  return files
    .flatMap((file) => {
      const path = relative(output, file) || file;
      if (/\.(whl|zip)$/.test(file)) return inArchive(path, readFileSync(file));
      return isElf(beginning(file)) ? [examine(path, readFileSync(file))] : [];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
