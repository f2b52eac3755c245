/** What a linkage report must say, put together from what readelf, ldd, dpkg and others printed. */
import { basename, join } from "node:path";
import type {
  Library,
  Provider,
  Report,
  ReportFile,
  ReportPackage,
} from "../../helper/src/linkage/report.ts";
import type { Result } from "../support/run.ts";

/** What ask.py says of one ELF file. */
export interface AskedFile {
  /** Store path. */
  output: string;
  /** As in a report. */
  path: string;
  /** Where it lay when it was asked about. */
  here: string;
  readelf: Result;
  ldd: Result;
}

/** What ask.py says of one package. */
export interface AskedPackage {
  files: AskedFile[];
  /** File name → `auditwheel show`. */
  wheels: Record<string, Result>;
  shlibdeps: Result;
}

export interface Answers {
  packages: Record<string, AskedPackage>;
  /** Path that ldd printed → the same with all links followed. */
  real: Record<string, string>;
  /** Real path of the system → `dpkg -S`. */
  owners: Record<string, Result>;
  /** `dpkg-query -W` of name, architecture, version, source and its version. */
  installed: Result;
  /** Libraries that auditwheel does not show. */
  auditwheelIgnores: string[];
}

/** What a report says of files of the system, and nothing else. */
type Facts = Omit<ReportFile, "output" | "path" | "needed" | "dlopen" | "static" | "closure">;

const machines: Record<string, string> = { "Advanced Micro Devices X86-64": "x86_64", AArch64: "aarch64" };

const groups = (text: string, expression: RegExp): string[] =>
  [...text.matchAll(expression)].map((match) => match[1] ?? "");
const only = (text: string, expression: RegExp): string | null => groups(text, expression)[0] ?? null;

/** What readelf says of a file itself. */
export function factsOf(readelf: string): Facts {
  const type = only(readelf, /^ {2}Type: +(.*)$/gm) ?? "";
  return {
    type: /^EXEC|Position-Independent Executable/.test(type) ? "executable" : "library",
    class: readelf.includes("Class:                             ELF64") ? 64 : 32,
    machine: machines[only(readelf, /^ {2}Machine: +(.*)$/gm) ?? ""] ?? "?",
    dynamic: readelf.includes("Dynamic section at offset"),
    buildId: only(readelf, /Build ID: ([0-9a-f]+)$/gm),
    interpreter: only(readelf, /\[Requesting program interpreter: (.*)\]/g),
    soname: only(readelf, /\(SONAME\) +Library soname: \[(.*)\]/g),
    runpath: groups(readelf, /\((?:RPATH|RUNPATH)\) +Library (?:rpath|runpath): \[(.*)\]/g).flatMap(
      (folders) => folders.split(":"),
    ),
  };
}

/** Sonames that a file needs, in its own order. */
export const neededBy = (readelf: string) => groups(readelf, /\(NEEDED\) +Shared library: \[(.*)\]/g);

/** Library → symbol versions that a file needs of it. */
export function versionsNeeded(readelf: string): Map<string, string[]> {
  const [, section = ""] = readelf.split("Version needs section");
  const versions = new Map<string, string[]>();
  for (const part of section.split(/Version: \d+ {2}File: /).slice(1)) {
    versions.set(part.split(/\s/)[0] ?? "", groups(part, /Name: (\S+)/g).sort());
  }
  return versions;
}

/** Package that owns a file of the system, with what the package database says of it. */
export function packagesOf({ owners, installed }: Answers) {
  const known = new Map<
    string,
    Pick<ReportPackage, "name" | "version" | "arch" | "source" | "sourceVersion">
  >();
  for (const line of installed.stdout.split("\n").filter((text) => text !== "")) {
    const [name = "", arch = "", version = "", source = "", sourceVersion = ""] = line.split("\t");
    known.set(name, { name, version, arch, source, sourceVersion });
  }
  return (realPath: string) => {
    const line = owners[realPath]?.stdout ?? "";
    return known.get(/^([^:, ]+)(:[^:, ]+)?: \/\S+\n$/.exec(line)?.[1] ?? "") ?? null;
  };
}

/** What ldd says, as the report tells it. */
function closureOf(ldd: string, answers: Answers, asked: AskedPackage): Library[] {
  const packageOf = packagesOf(answers);
  const lines = ldd.split("\n").filter((line) => /=>|\(0x/.test(line) && !line.includes("linux-vdso"));
  const libraries = lines.map((line): Library => {
    const [, name = "", path = ""] = /^\t(\S+)(?: => (\S+))? \(0x/.exec(line) ?? [];
    const opened = path || name;
    const real = answers.real[opened] ?? "";
    const own = asked.files.find(({ output, path: inside }) => join(output, inside) === real);
    const owner = packageOf(real);
    const provider: Provider = {
      kind: own ? "output" : "system",
      package: owner?.name ?? null,
      version: owner?.version ?? null,
      source: owner?.source ?? null,
    };
    return { soname: basename(name), path: own?.path ?? real, provider };
  });
  return libraries.sort((a, b) => (a.soname < b.soname ? -1 : 1));
}

/** What the report must say of a file. @param names store path → output */
export function fileOf(
  file: AskedFile,
  asked: AskedPackage,
  answers: Answers,
  names: Map<string, string>,
): ReportFile {
  const { stdout: readelf } = file.readelf;
  const closure = closureOf(file.ldd.stdout, answers, asked);
  const versions = versionsNeeded(readelf);
  const needed = neededBy(readelf).map((soname) => {
    const library = closure.find((one) => one.soname === soname);
    if (!library) throw new Error(`ldd does not name ${soname} for ${file.path}:\n${file.ldd.stdout}`);
    return { ...library, symbolVersions: versions.get(soname) ?? [] };
  });
  const output = names.get(file.output) ?? "?";
  return {
    output,
    path: file.path,
    ...factsOf(readelf),
    needed,
    dlopen: [],
    static: [],
    closure,
  };
}

type Linked = Omit<ReportPackage, "purl" | "minimumVersion" | "relation">;

/** What the report must say of packages that are linked. */
export function linkedPackages(files: ReportFile[], answers: Answers): Linked[] {
  const packageOf = packagesOf(answers);
  const packages = new Map<string, Linked>();
  for (const { needed, closure } of files) {
    const own = new Set(needed.map(({ soname }) => soname));
    for (const { soname, path, provider } of closure.filter((one) => one.provider.kind === "system")) {
      const owner = packageOf(path ?? "");
      if (!owner) throw new Error(`dpkg knows no owner of ${path} (${JSON.stringify(provider)})`);
      const before = packages.get(owner.name) ?? { ...owner, direct: false, sonames: [] };
      const sonames = own.has(soname) ? [...new Set([...before.sonames, soname])].sort() : before.sonames;
      packages.set(owner.name, { ...owner, direct: before.direct || own.has(soname), sonames });
    }
  }
  return [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Package → least version, as `dpkg-shlibdeps -O` prints them. */
export function leastVersions(shlibdeps: string): Record<string, string | null> {
  const [, list = ""] = /^shlibs:Depends=(.*)$/m.exec(shlibdeps) ?? [];
  const entries = list.split(", ").map((text) => {
    const [, name = "", version = null] = /^(\S+)(?: \(>= (\S+)\))?$/.exec(text) ?? [];
    return [name, version] as const;
  });
  return Object.fromEntries(entries);
}

/** What `auditwheel show` says that a wheel needs from outside: libraries, and versions of symbols. */
export function auditwheelSays(stdout: string) {
  const [, list = "{}"] = /are required by the wheel:\n(\{[\s\S]*?\n\})/.exec(stdout) ?? [];
  const [, symbols = ""] = /system-provided shared libraries: ([\s\S]*?)\n\n/.exec(stdout) ?? [];
  const versions = [...symbols.replace(/\n/g, " ").matchAll(/(\S+) with versions \{([^}]*)\}/g)];
  return {
    libraries: Object.keys(JSON.parse(list) as Record<string, string>).sort(),
    versions: Object.fromEntries(
      versions.map(([, soname = "", set = ""]) => [soname, groups(set, /'([^']+)'/g).sort()]),
    ),
  };
}

/**
 * The same of a report. Auditwheel shows no loader and none of `ignored`; its symbol versions are also
 * those that the libraries need of each other, of which a report has only what the wheel's own files need.
 */
export function outsideOf(files: Report["files"], ignored: string[]) {
  const isShown = (soname: string) => !soname.startsWith("ld-linux");
  const system = files.flatMap(({ closure }) => closure.filter(({ provider }) => provider.kind === "system"));
  const sonames = new Set(system.map(({ soname }) => soname).filter(isShown));
  const versions = new Map<string, Set<string>>();
  for (const { soname, symbolVersions } of files.flatMap(({ needed }) => needed)) {
    const before = versions.get(soname) ?? [];
    if (symbolVersions.length === 0 || !isShown(soname)) continue;
    versions.set(soname, new Set([...before, ...symbolVersions]));
  }
  return {
    libraries: [...sonames].filter((soname) => !ignored.includes(soname)).sort(),
    versions: Object.fromEntries([...versions].map(([soname, set]) => [soname, [...set].sort()])),
  };
}
