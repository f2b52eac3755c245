/** What an ELF file says of its own linkage. */
import type { Dlopen } from "../report.ts";
import type { ByteSource } from "./bytes.ts";
import { bounds, ElfLayout, segmentTypes, tags } from "./layout.ts";
import { readNotes } from "./notes.ts";

export interface ElfFacts {
  /** 32 or 64. */
  class: 32 | 64;
  /** "x86_64"; "machine 42" for one without a name here. */
  machine: string;
  /** "library" also stands for plug-ins. */
  type: "executable" | "library" | "relocatable" | "other";
  /** Whether the loader has anything to do with it. */
  dynamic: boolean;
  /** Program interpreter; null for libraries and static programs. */
  interpreter: string | null;
  soname: string | null;
  /** In the file's order, as it has them. */
  needed: string[];
  /** Folders of RPATH and RUNPATH. */
  rpath: string[];
  runpath: string[];
  /** Soname → symbol versions needed of it, sorted. */
  versionsNeeded: Record<string, string[]>;
  /** Hexadecimal. */
  buildId: string | null;
  dlopen: Dlopen[];
}

/** e_machine, as `uname -m` calls it. */
const machines: Record<number, string> = {
  3: "i386",
  8: "mips",
  20: "ppc",
  22: "s390x",
  40: "arm",
  42: "sh4",
  43: "sparc64",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
  247: "bpf",
  258: "loongarch64",
};

function machineName(elf: ElfLayout): string {
  if (elf.machine === 21) return elf.fields.bytes.read(5, 1)[0] === 1 ? "ppc64le" : "ppc64";
  return machines[elf.machine] ?? `machine ${elf.machine}`;
}

/** DF_1_PIE in DT_FLAGS_1: an executable that looks like a library. */
const flagPie = 0x08000000;

function typeOf(elf: ElfLayout, interpreter: string | null): ElfFacts["type"] {
  if (elf.type === 1) return "relocatable";
  if (elf.type === 2) return "executable";
  if (elf.type !== 3) return "other";
  const isPie = ((elf.values(tags.flags1)[0] ?? 0) & flagPie) !== 0;
  // Some libraries, libc.so.6 among them, can be started, too: they have a soname.
  const isProgram = interpreter !== null && elf.values(tags.soname).length === 0;
  return isPie || isProgram ? "executable" : "library";
}

/**
 * Symbol versions needed, from the section .gnu.version_r (Linux Standard Base, "Version
 * Requirements"). @param visit called for each with its index in .gnu.version
 */
export function eachVersionNeeded(
  elf: ElfLayout,
  visit: (soname: string, version: string, index: number) => void,
): void {
  const table = elf.table(tags.versionsNeeded);
  if (table === null) return;
  const { fields } = elf;
  let left = bounds.dynamicEntries;
  const count = Math.min(elf.values(tags.versionsNeededCount)[0] ?? bounds.needed, bounds.needed);
  for (let at = table, index = 0; index < count; index++) {
    const versions = fields.half(at + 2);
    const soname = elf.string(fields.word(at + 4));
    let entry = at + fields.word(at + 8);
    for (let number = 0; number < versions; number++) {
      if (--left < 0) throw new RangeError("its list of symbol versions has no end");
      visit(soname, elf.string(fields.word(entry + 8)), fields.half(entry + 6));
      const next = fields.word(entry + 12);
      if (next === 0) break;
      entry += next;
    }
    const next = fields.word(at + 12);
    if (next === 0) break;
    at += next;
  }
}

function versionsNeeded(elf: ElfLayout): Record<string, string[]> {
  const found = new Map<string, Set<string>>();
  eachVersionNeeded(elf, (soname, version) => {
    found.set(soname, (found.get(soname) ?? new Set()).add(version));
  });
  return Object.fromEntries([...found].map(([soname, versions]) => [soname, [...versions].sort()]));
}

/** Reads a file. Throws RangeError, which says why, when it is truncated or contradicts itself. */
export function readElf(bytes: ByteSource): ElfFacts {
  const elf = new ElfLayout(bytes);
  const segment = elf.segments.find(({ type }) => type === segmentTypes.interpreter);
  const interpreter = segment ? elf.fields.text(segment.offset) : null;
  const count = elf.values(tags.needed).length;
  if (count > bounds.needed) throw new RangeError(`it needs ${count} libraries; no real file does`);
  const folders = (tag: number) => elf.strings(tag).flatMap((path) => path.split(":"));
  return {
    class: elf.fields.wide ? 64 : 32,
    machine: machineName(elf),
    type: typeOf(elf, interpreter),
    dynamic: elf.isDynamic,
    interpreter,
    soname: elf.strings(tags.soname)[0] ?? null,
    needed: elf.strings(tags.needed),
    rpath: folders(tags.rpath),
    runpath: folders(tags.runpath),
    versionsNeeded: versionsNeeded(elf),
    ...readNotes(elf),
  };
}
