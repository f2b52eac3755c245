/** Takes of an archive what may be or hold ELF files. */
import { FileSource } from "../elf/bytes.ts";
import type { Kind } from "./kind.ts";
import type { Budget } from "./limits.ts";
import { archiveMessage, Members } from "./members.ts";

async function read(kind: Kind, source: FileSource, members: Members): Promise<void> {
  if (kind === "zip") {
    const { readZip } = await import("./zip.ts");
    return readZip(source, members);
  }
  const { readDeb, readTar } = await import("./tar.ts");
  return kind === "deb" ? readDeb(source, members) : readTar(kind, source, members);
}

/**
 * Unpacks what is of interest below `folder`. `failure` says why not all of it could be read; what
 * came before is there nonetheless.
 */
export async function unpack(
  kind: Kind,
  file: Buffer,
  folder: string,
  budget: Budget,
): Promise<{ members: Members; failure: string | null }> {
  const source = new FileSource(file);
  const members = new Members(folder, budget, source.size);
  try {
    await read(kind, source, members);
    members.makeLinks();
    return { members, failure: null };
  } catch (error) {
    return { members, failure: archiveMessage(error) };
  } finally {
    members.abort();
    source.close();
  }
}
