/** Where an archive's members go: those of interest below a scratch folder, all others nowhere. */
import { closeSync, linkSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from "node:fs";
import { codeOf, messageOf } from "../../common/errors.ts";
import { readable } from "../../common/readable.ts";
import { headSize, type Kind, kindOf } from "./kind.ts";
import { ArchiveError, type Budget, size, tooMuch } from "./limits.ts";

/** Takes one member's data, in pieces. */
export interface MemberWriter {
  write(data: Buffer): void;
  /** After the last piece. */
  end(): void;
}

/** What becomes of a member that was written. */
export interface Written {
  /** Normalised, as bytes. */
  name: Buffer;
  file: Buffer;
  kind: Kind;
}

/** Name as it is below any folder, or why it cannot be there. */
function placeOf(name: Buffer): { name: Buffer } | { refused: string } {
  const text = name.toString("latin1");
  if (text.includes("\0")) return { refused: "its name has a zero byte" };
  if (text.startsWith("/")) return { refused: "its name is absolute" };
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return { refused: "its name has '..' in it" };
  return { name: Buffer.from(parts.join("/"), "latin1") };
}

/** Links that are kept while an archive is read. */
const mostLinks = 100_000;

/**
 * Whether a link leads nowhere out of its archive, whatever other links there are: ".." comes first
 * only, where it goes up through folders.
 */
function staysInside(link: Buffer, target: Buffer): boolean {
  const text = target.toString("latin1");
  if (text === "" || text.startsWith("/") || text.includes("\0")) return false;
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  const depth = link.toString("latin1").split("/").length - 1;
  if (ups < 0) return parts.length <= depth;
  return ups <= depth && !parts.slice(ups).includes("..");
}

/** Failures that are the archive's fault, in its words; all others are the machine's. */
const refusals: Record<string, string> = {
  EEXIST: "it comes twice, or is a file and a folder",
  ENOTDIR: "its folder is a file",
  EISDIR: "it is a file and a folder",
  ENAMETOOLONG: "its name is too long",
};

/** The members of one archive. */
export class Members {
  /** In the archive's order. */
  readonly written: Written[] = [];
  readonly refused: { path: string; message: string }[] = [];
  readonly #kinds = new Map<string, Written>();
  readonly #links: { name: Buffer; target: Buffer }[] = [];
  #open: { descriptor: number; file: Buffer } | null = null;
  readonly countBytes: (bytes: number) => void;

  /** @param folder of its own, made when it is needed @param packed size of the archive */
  constructor(
    readonly folder: string,
    readonly budget: Budget,
    packed: number,
  ) {
    this.countBytes = budget.archive(packed);
  }

  /** Notes a member that cannot be read. */
  refuse(name: Buffer, message: string): void {
    this.refused.push({ path: readable(name), message });
    if (this.refused.length > this.budget.limits.unreadable) {
      throw new ArchiveError(tooMuch);
    }
  }

  /** A writer for a member of interest, null for any other. @param head its beginning, as for kindOf */
  take(name: Buffer, head: Buffer, bytes: number): MemberWriter | null {
    const kind = kindOf(head);
    if (kind === "other") return null;
    if (bytes > this.budget.limits.memberBytes) {
      this.refuse(
        name,
        `it has ${size(bytes)}, more than the ${size(this.budget.limits.memberBytes)} that are looked into`,
      );
      return null;
    }
    const place = placeOf(name);
    if ("refused" in place) {
      this.refuse(name, place.refused);
      return null;
    }
    return this.#attempt(name, () => this.#write(place.name, kind));
  }

  /** Takes a hard link to another member, which came before. */
  link(name: Buffer, target: Buffer): void {
    const [from, to] = [placeOf(target), placeOf(name)];
    if ("refused" in from) {
      this.refuse(name, `it is a link out of the archive: ${from.refused}`);
      return;
    }
    const known = this.#kinds.get(from.name.toString("latin1"));
    // A link to what is of no interest, or is not there.
    if (!known) return;
    if ("refused" in to) {
      this.refuse(name, to.refused);
      return;
    }
    this.#attempt(name, () => {
      const file = this.#prepare(to.name);
      linkSync(known.file, file);
      this.#keep({ name: to.name, file, kind: known.kind });
    });
  }

  /** Takes a symbolic link: programs find a library by its soname, which often is one. */
  symbolicLink(name: Buffer, target: Buffer): void {
    if (this.#links.length < mostLinks) this.#links.push({ name, target });
  }

  /** Makes the links once all files are there, so that nothing is written through one. */
  makeLinks(): void {
    if (this.written.length === 0) return;
    const places = this.#links.flatMap(({ name, target }) => {
      const place = placeOf(name);
      return "name" in place && staysInside(place.name, target) ? [{ name: place.name, target }] : [];
    });
    // A link that cannot be made is at worst a library that is not found, which is told.
    const attempt = <T>(action: () => T): T | null => {
      try {
        return action();
      } catch (error) {
        if (refusals[codeOf(error) ?? ""]) return null;
        throw error;
      }
    };
    // All folders first: none of them is then a link.
    const ready = places.flatMap(({ name, target }) => {
      const file = attempt(() => this.#prepare(name));
      return file ? [{ file, target }] : [];
    });
    for (const { file, target } of ready) attempt(() => symlinkSync(target, file));
  }

  /** Removes what was begun and not ended. */
  abort(): void {
    if (!this.#open) return;
    closeSync(this.#open.descriptor);
    rmSync(this.#open.file, { force: true });
    this.#open = null;
  }

  #attempt<T>(name: Buffer, action: () => T): T | null {
    try {
      return action();
    } catch (error) {
      const refusal = refusals[codeOf(error) ?? ""];
      if (!refusal) throw error;
      this.refuse(name, refusal);
      return null;
    }
  }

  #keep(written: Written): void {
    this.written.push(written);
    this.#kinds.set(written.name.toString("latin1"), written);
  }

  #prepare(name: Buffer): Buffer {
    const file = Buffer.concat([Buffer.from(`${this.folder}/`), name]);
    mkdirSync(file.subarray(0, file.lastIndexOf(0x2f)), { recursive: true });
    return file;
  }

  #write(name: Buffer, kind: Kind): MemberWriter {
    const file = this.#prepare(name);
    const descriptor = openSync(file, "wx", 0o600);
    this.#open = { descriptor, file };
    let written = 0;
    return {
      write: (data) => {
        written += data.length;
        if (written > this.budget.limits.memberBytes) {
          throw new ArchiveError(
            `${readable(name)} in it is larger than ${size(this.budget.limits.memberBytes)}`,
          );
        }
        for (let rest = data; rest.length > 0; ) rest = rest.subarray(writeSync(descriptor, rest));
      },
      end: () => {
        closeSync(descriptor);
        this.#open = null;
        this.#keep({ name, file, kind });
      },
    };
  }
}

/** A writer for a member whose beginning has not come yet. */
export function undecided(choose: (head: Buffer) => MemberWriter | null): MemberWriter {
  let head: Buffer | null = Buffer.alloc(0);
  let writer: MemberWriter | null = null;
  const decide = (data: Buffer) => {
    head = null;
    writer = choose(data.subarray(0, headSize));
    writer?.write(data);
  };
  return {
    write(data) {
      if (head === null) writer?.write(data);
      else if (head.length + data.length >= headSize) decide(Buffer.concat([head, data]));
      else head = Buffer.concat([head, data]);
    },
    end() {
      if (head !== null) decide(head);
      writer?.end();
    },
  };
}

/** The message of what was thrown while an archive was read; rethrows what is the machine's fault. */
export function archiveMessage(error: unknown): string {
  const code = codeOf(error);
  // Errors of zlib and of node-tar have codes too, but no system call.
  if (code && (error as { syscall?: unknown }).syscall) throw error;
  return messageOf(error);
}
