/**
 * Reads what an ELF file says of its own linkage. Both classes and byte orders, with or without
 * section headers. The file may be hostile: every offset and count is bounded.
 */
import { readable } from "../../common/readable.ts";
import type { Dlopen } from "../report.ts";
import { type Dynamic, readDynamic, Strings, tags } from "./dynamic.ts";
import { type Header, readHeader } from "./layout.ts";
import { readNotes } from "./notes.ts";
import { type ByteSource, ElfError } from "./bytes.ts";
import { type NeededVersion, readVersionsNeeded } from "./versions.ts";

/** What a file asks of the loader, by its own word. */
export interface ElfFacts {
  /** 32 or 64. */
  class: 32 | 64;
  /** "x86_64", "aarch64" …; "machine 42" for one without a name here. */
  machine: string;
  /** e_machine. */
  machineNumber: number;
  /** "executable" also if position-independent; "library" also for plug-ins and extension modules. */
  type: "executable" | "library" | "relocatable" | "other";
  /** Whether it is dynamically linked at all. */
  dynamic: boolean;
  /** Program interpreter: the loader that the kernel starts; null for libraries and static files. */
  interpreter: string | null;
  soname: string | null;
  /** In the file's order, as the loader loads them. */
  needed: string[];
  /** Folders of RPATH, in order. The loader ignores them where there is a RUNPATH. */
  rpath: string[];
  /** Folders of RUNPATH, in order. */
  runpath: string[];
  /** Soname → symbol versions that the file needs of it, sorted. Has no prototype. */
  versionsNeeded: Record<string, string[]>;
  /** In hexadecimal. */
  buildId: string | null;
  dlopen: Dlopen[];
}

/** The kernel's bound for a path. */
const longestPath = 4096;
const positionIndependentExecutable = 0x08000000;

/** As the kernel reads it: by offset, of the first such segment. */
function readInterpreter({ fields, segments }: Header): string | null {
  const segment = segments.find(({ type }) => type === "interpreter");
  // None in files that hold only debug information.
  if (!segment || segment.size === 0) return null;
  if (segment.size > longestPath) throw new ElfError("the interpreter's path is too long");
  const data = fields.source.read(segment.offset, segment.size);
  const end = data.indexOf(0);
  if (end < 0) throw new ElfError("the interpreter's path has no end");
  return readable(data.subarray(0, end));
}

/** Programs and libraries have the same number since there are position-independent programs. */
function typeOf(
  number: number,
  interpreter: string | null,
  soname: string | null,
  flags: number,
): ElfFacts["type"] {
  if (number === 1) return "relocatable";
  if (number === 2) return "executable";
  if (number !== 3) return "other";
  if (flags & positionIndependentExecutable) return "executable";
  // libc.so.6 has an interpreter, because it can be started to tell its version.
  return interpreter !== null && soname === null ? "executable" : "library";
}

function bySoname(versions: NeededVersion[]): Record<string, string[]> {
  const sets = new Map<string, Set<string>>();
  for (const { soname, version } of versions) {
    const set = sets.get(soname) ?? new Set();
    sets.set(soname, set.add(version));
  }
  // No prototype: a library may be called "__proto__".
  const record: Record<string, string[]> = Object.create(null);
  for (const [soname, set] of sets) record[soname] = [...set].sort();
  return record;
}

function dynamicFacts(header: Header, dynamic: Dynamic) {
  const { values } = dynamic;
  const named = [tags.soname, tags.rpath, tags.runpath].some((tag) => values.has(tag));
  const strings =
    dynamic.needed.length > 0 || named || values.has(tags.versionsNeeded)
      ? new Strings(header, dynamic)
      : null;
  const text = (tag: number) => {
    const index = values.get(tag);
    return index === undefined || !strings ? null : strings.text(index);
  };
  // An empty list is no folder; an empty name between colons is one, the working directory.
  const folders = (tag: number) => text(tag)?.split(":") ?? [];
  return {
    soname: text(tags.soname),
    needed: strings ? dynamic.needed.map((index) => strings.text(index)) : [],
    rpath: folders(tags.rpath),
    runpath: folders(tags.runpath),
    versionsNeeded: bySoname(strings ? readVersionsNeeded(header, dynamic, strings) : []),
  };
}

/** Reads a file. Throws ElfError (a RangeError) when it is truncated, contradicts itself or has no bounds. */
export function readElf(source: ByteSource): ElfFacts {
  const header = readHeader(source);
  const dynamic = readDynamic(header);
  const interpreter = readInterpreter(header);
  const facts = dynamicFacts(header, dynamic ?? { needed: [], values: new Map() });
  const flags = dynamic?.values.get(tags.flags1) ?? 0;
  return {
    class: header.fields.wide ? 64 : 32,
    machine: header.machine,
    machineNumber: header.machineNumber,
    type: typeOf(header.type, interpreter, facts.soname, flags),
    dynamic: dynamic !== null,
    interpreter,
    ...facts,
    ...readNotes(header),
  };
}
