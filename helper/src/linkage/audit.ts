/** The audit of a build: finds its ELF files, asks the environment about them, and judges. */
import type { EnvironmentRecord } from "../environment/record.ts";
import type { Allowance } from "../spec/spec.ts";
import { assembleFile, type Places, type ReadFile } from "./assemble.ts";
import { type FoundFile, findElfFiles } from "./find/find.ts";
import { assemblePackages } from "./packages.ts";
import { type Provider, type Report, type ReportFile, reportSchemaName } from "./report.ts";
import { architectureOf } from "./architecture.ts";
import { withFile } from "./elf/bytes.ts";
import { undefinedSymbols } from "./elf/symbols.ts";
import { type Ask, askTogether } from "./resolve/ask.ts";
import { confirmOwners } from "./resolve/confirm-owners.ts";
import { type FileNeeds, minimumVersions } from "./resolve/minimum-versions.ts";
import { completeResolutions, type Resolution, resolutionQuestion } from "./resolve/resolve-libraries.ts";
import { type SystemLibraries, systemLibrariesQuestion } from "./resolve/system-libraries.ts";
import { judge } from "./rules/check.ts";
import { originalOf } from "./rules/copies.ts";
import { type Audited, isBelow } from "./rules/rule.ts";
import { attribute, parseRecords, printRecords } from "./static-links.ts";

/** What is audited. */
export interface AuditRequest {
  /** Output → path. */
  outputs: Record<string, string>;
  /** The system's name, and its base image as the system names it. */
  system: { name: string; image: string };
  environment: EnvironmentRecord;
  /** Packages that the target is said to have; null: not said. */
  systemRunDependencies: string[] | null;
  allow: Allowance[];
  /** The Nix store's folder. */
  store: string;
  /** An empty folder of ours, how the container sees it, how to ask there, and whom to tell that nothing more is asked. */
  room: { here: string; inside: string; ask: Ask; leave(): Promise<void> };
  /** Folder in the container with the records of links. */
  links: string;
}

export interface Audit {
  report: Report;
  /** Allowances that nothing needed. */
  unused: Allowance[];
}

/** A file with what is known of it. */
interface Known {
  read: ReadFile;
  found: FoundFile;
  resolution: Resolution | undefined;
}

/** Bytes as text, one character each: what paths in scripts and answers are. */
const bytesAsText = (bytes: Buffer) => bytes.toString("latin1");

/** Where the container sees a file that was found. */
function insideOf(found: FoundFile, { here, inside }: AuditRequest["room"]): string {
  const file = bytesAsText(found.file);
  const scratch = bytesAsText(Buffer.from(here));
  return file.startsWith(`${scratch}/`) ? `${inside}${file.slice(scratch.length)}` : file;
}

/** Audits the outputs of a build whose container is still there. */
export async function audit(request: AuditRequest): Promise<Audit> {
  const { room } = request;
  const { files: found, unreadable } = await findElfFiles(request.outputs, room.here);
  const read: ReadFile[] = found.map((one) => ({ ...one, inside: insideOf(one, room) }));
  const [first, system, records] = await askTogether(room.ask, [
    resolutionQuestion(read.map(({ inside, facts }) => ({ path: inside, facts }))),
    systemLibrariesQuestion,
    { script: printRecords(request.links), read: parseRecords },
  ]);
  const resolutions = await completeResolutions(room.ask, first);
  const known: Known[] = read.map((one, index) => ({
    read: one,
    found: found[index] as FoundFile,
    resolution: resolutions.get(one.inside),
  }));
  const archives = attribute(
    records,
    read.map(({ inside, facts }) => ({ path: inside, buildId: facts.buildId, linked: isLinked(facts.type) })),
  );
  const places: Places = {
    store: request.store,
    own: new Map(read.map((one) => [one.inside, one])),
    ownFolders: [...Object.values(request.outputs), room.inside],
    ownerOf: (path) => system.ownerOf(path),
  };
  await confirmOwners(room.ask, system, systemPaths(known, archives, places));
  const files = known.map(({ read: one, resolution }) =>
    assembleFile(one, resolution?.libraries ?? [], archives.get(one.inside) ?? [], places),
  );
  return judged(request, system, known, files, unreadable);
}

const isLinked = (type: ReportFile["type"]) => type === "executable" || type === "library";

/** All files of the system whose owner matters. */
function systemPaths(known: Known[], archives: Map<string, string[]>, places: Places): Set<string> {
  const libraries = known.flatMap(({ resolution }) => resolution?.libraries ?? []);
  const paths = [...libraries.map(({ realPath }) => realPath), ...[...archives.values()].flat()];
  return new Set(paths.filter((path) => !isBelow(path, [places.store, ...places.ownFolders])));
}

/**
 * The symbols that each file takes of the system, and of what. Libraries of the build's own have none.
 * A file whose symbols cannot be read is added to `unreadable`.
 */
function needsOf(
  { found, resolution }: Known,
  system: SystemLibraries,
  unreadable: Audited["unreadable"],
): FileNeeds[] {
  const needed = (resolution?.libraries ?? []).filter(
    ({ soname, realPath }) => found.facts.needed.includes(soname) && system.packageOf(realPath) !== null,
  );
  if (needed.length === 0) return [];
  try {
    return [{ needed, symbols: withFile(found.file, undefinedSymbols) }];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    unreadable.push({ output: found.output, path: found.path, message: error.message });
    return [];
  }
}

/** Libraries of the system by soname, each with its owner. */
function systemLibraries(system: SystemLibraries): Audited["systemLibraries"] {
  const libraries: Audited["systemLibraries"] = new Map();
  for (const { soname, realPath } of system.sonames().values()) {
    const owner = system.ownerOf(realPath);
    const { package: name = null, version = null, source = null } = owner ?? {};
    const provider: Provider = { kind: "system", package: name, version, source };
    libraries.set(soname, { path: realPath, provider });
  }
  return libraries;
}

async function judged(
  request: AuditRequest,
  system: SystemLibraries,
  known: Known[],
  files: ReportFile[],
  unreadable: Audited["unreadable"],
): Promise<Audit> {
  const { arch, machine } = architectureOf(system.packages());
  const needs = known.flatMap((one) => needsOf(one, system, unreadable));
  const least = await minimumVersions(request.room.ask, system, needs);
  await request.room.leave();
  const inSystem = systemLibraries(system);
  const findings = new Map(
    known.flatMap(({ read, resolution }, index) =>
      resolution && read.facts.dynamic ? [[files[index] as ReportFile, resolution] as const] : [],
    ),
  );
  const { problems, allowed, unused } = judge(
    {
      files,
      findings,
      unreadable,
      store: request.store,
      outputs: Object.values(request.outputs),
      machine,
      systemLibraries: inSystem,
      covered: request.systemRunDependencies && system.leadsTo(request.systemRunDependencies),
    },
    request.allow,
  );
  const copies = files.flatMap((file) => originalOf(file, inSystem) ?? []);
  const packages = assemblePackages(files, copies, {
    osRelease: request.environment.osRelease,
    packageNamed: (name) => system.packageByKey(name),
    minimumVersions: least,
  });
  const { name, image } = request.system;
  const report: Report = {
    schema: reportSchemaName,
    verdict: problems.length === 0 ? "pass" : "fail",
    problems,
    allowed,
    system: { name, osRelease: request.environment.osRelease, image, arch },
    files,
    packages,
  };
  return { report, unused };
}
