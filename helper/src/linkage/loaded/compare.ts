/** Compares what processes loaded with what linkage reports have. Pure: everything is asked before. */
import { dirname } from "node:path";
import type { Owner } from "../resolve/system-libraries.ts";
import type { Image } from "./loader-log.ts";
import type { LoadedLibrary, Status } from "./loaded.ts";
import type { Reported } from "./reported.ts";
import type { Sample } from "./samples.ts";

/** Whose a file is, by where it lies. */
export type Place = "package" | "test" | "system";

export interface Observations {
  images: Image[];
  samples: Sample[];
  /** Name that the loader or argv[0] gives → real path; a program that is nowhere has none. */
  real: Map<string, string>;
  /** Program that was only sampled, real path → what the system's loader loads for it, real paths. */
  linked: Map<string, Set<string>>;
  /** Real path → its owner; none where no package owns it. */
  owners: Map<string, Owner>;
  placeOf(real: string): Place;
  reported: Reported;
  /** Whether the test ran on the system that the reports are about. */
  sameSystem: boolean;
}

type How = LoadedLibrary["how"];
interface Finding {
  path: string;
  status: Status;
  how: How;
  openedFor: string | null;
  program: string;
}

/** Libraries in order of path, each with the worst that is said of it, and programs; real paths. */
export function compare(observations: Observations): { libraries: LoadedLibrary[]; programs: string[] } {
  const programs = new Set<string>();
  const findings: Finding[] = [];
  for (const image of observations.images) {
    const program = observations.real.get(image.program) ?? image.program;
    programs.add(program);
    findings.push(...ofImage(observations, image, program));
  }
  findings.push(...ofSamples(observations));
  return { libraries: merge(observations, findings), programs: [...programs].sort() };
}

function ofImage(observations: Observations, image: Image, program: string): Finding[] {
  const judge = new Judge(observations, image, program);
  const real = (name: string) => observations.real.get(name) ?? name;
  return [
    ...[...image.initial].map((name): Finding => {
      return { path: real(name), status: judge.initial(name), how: "start", openedFor: null, program };
    }),
    ...[...image.opened].map(([name, root]): Finding => {
      const openedFor = root === name ? null : real(root);
      return { path: real(name), status: judge.opened(name, root), how: "open", openedFor, program };
    }),
  ];
}

/** Judges the libraries of one program. */
class Judge {
  /** Folders where the loader looks of itself: those of the C library and the loader. */
  readonly #publicFolders: Set<string>;
  /** Sources of what the program was started with. */
  readonly #sources: Set<string>;
  readonly #isOfPackage: boolean;

  constructor(
    private readonly all: Observations,
    private readonly image: Image,
    program: string,
  ) {
    const started = [...image.initial];
    const ofSystem = started.filter((name) => /\/(libc|ld-linux[^/]*|ld64)\.so/.test(name));
    this.#publicFolders = new Set(ofSystem.flatMap((name) => [dirname(name), dirname(this.#real(name))]));
    this.#sources = new Set(started.flatMap((name) => this.#owner(name)?.source ?? []));
    this.#isOfPackage = program.startsWith("/")
      ? all.placeOf(program) === "package"
      : all.reported.hasProgram(program);
  }

  initial(name: string): Status {
    const known = this.#known(name);
    if (known) return known;
    return this.#isOfPackage ? this.#ofPackage(name) : "system";
  }

  opened(name: string, root: string): Status {
    const known = this.#known(name);
    if (known) return known;
    const place = this.all.placeOf(this.#real(root));
    if (place === "package") return this.#ofPackage(name);
    if (place === "test") return "system";
    const owner = this.#owner(root);
    if (!owner) return "unreported";
    // A library's own plug-ins: character sets of the C library, providers of OpenSSL.
    const isPlugin = !this.#publicFolders.has(dirname(root));
    if (isPlugin && (this.#sources.has(owner.source) || this.#isSourceOfOpened(owner.source, root)))
      return "system";
    // A program's plug-ins lie in a folder of its own. What is opened from where everybody's
    // libraries are was asked for by name: ctypes, or dlopen.
    return isPlugin && !this.#isOfPackage ? "system" : "unreported";
  }

  /** What a package's file needs and its report has not. */
  #ofPackage(name: string): Status {
    // Another system's libraries need others in turn.
    return !this.all.sameSystem && this.#owner(name) ? "system" : "unreported";
  }

  #known(name: string): Status | null {
    const real = this.#real(name);
    const place = this.all.placeOf(real);
    if (place !== "system") return place;
    return this.all.reported.has(real, name) ? "reported" : null;
  }

  #isSourceOfOpened(source: string, except: string): boolean {
    const others = [...this.image.opened.keys()].filter((name) => name !== except);
    return others.some((name) => this.#owner(name)?.source === source && this.#known(name) === "reported");
  }

  #real(name: string): string {
    return this.all.real.get(name) ?? name;
  }

  #owner(name: string): Owner | undefined {
    return this.all.owners.get(this.#real(name));
  }
}

/** What no loader wrote down: programs that cleared their environment, files mapped by hand. */
function ofSamples(observations: Observations): Finding[] {
  const { samples, linked, reported } = observations;
  const { byProgram, byPid } = writtenDown(observations);
  const mappedBy = new Map<string, Set<string>>([...byProgram.keys()].map((program) => [program, new Set()]));
  for (const { programs, mapped } of samples) {
    for (const program of programs) {
      mappedBy.set(program, new Set([...(mappedBy.get(program) ?? []), ...mapped]));
    }
  }
  return samples.flatMap(({ pid, programs, mapped }): Finding[] => {
    // A process is a copy of its parent before it runs a program of its own, and may have been looked at just then.
    const parents = [...mapped].filter((path) => !programs.has(path) && mappedBy.has(path));
    const known = [
      byPid.get(pid),
      ...[...programs, ...parents].flatMap((one) => [byProgram.get(one), linked.get(one)]),
      // What these have mapped is told of them.
      ...parents.flatMap((one) => [new Set([one]), mappedBy.get(one)]),
    ];
    return (
      [...mapped]
        .filter((path) => !programs.has(path) && !known.some((files) => files?.has(path)))
        .map((path) => ({ path, program: last(programs), how: "map" as const, openedFor: null }))
        .filter(({ path }) => observations.placeOf(path) === "system" && !reported.has(path, null))
        // A plug-in of the program's own cannot be told from others here.
        .map((finding) => ({ ...finding, status: "unreported" as const }))
    );
  });
}

/** The files that the loader wrote down, by the program's real path and by the process. */
function writtenDown({ images, real }: Observations) {
  const byProgram = new Map<string, Set<string>>();
  const byPid = new Map<number, Set<string>>();
  for (const image of images) {
    const names = [image.program, ...image.initial, ...image.opened.keys()];
    const files = names.map((name) => real.get(name) ?? name);
    const program = files[0] ?? "";
    byProgram.set(program, new Set([...(byProgram.get(program) ?? []), ...files]));
    byPid.set(image.pid, new Set([...(byPid.get(image.pid) ?? []), ...files]));
  }
  return { byProgram, byPid };
}

/** Programs that have to be asked for what they link to: only seen, never written down by the loader. */
export function programsOnlySampled(images: Image[], samples: Sample[], real: Map<string, string>): string[] {
  const known = new Set(images.map(({ program }) => real.get(program) ?? program));
  const pids = new Set(images.map(({ pid }) => pid));
  const others = samples.filter(({ pid }) => !pids.has(pid)).flatMap(({ programs }) => [...programs]);
  return [...new Set(others)].filter((program) => !known.has(program)).sort();
}

function last(values: Set<string>): string {
  return [...values].at(-1) ?? "";
}

/** From the harmless to the worst. */
const order: Status[] = ["package", "test", "system", "reported", "unreported"];

function merge({ owners }: Observations, findings: Finding[]): LoadedLibrary[] {
  const byPath = new Map<string, Finding[]>();
  for (const finding of findings) byPath.set(finding.path, [...(byPath.get(finding.path) ?? []), finding]);
  return [...byPath.keys()].sort().map((path) => {
    const all = byPath.get(path) ?? [];
    const status = order.findLast((one) => all.some((finding) => finding.status === one)) ?? "unreported";
    const worst = all.filter((finding) => finding.status === status);
    const how =
      (["start", "open", "map"] as const).find((one) => worst.some((each) => each.how === one)) ?? "map";
    const reasons = worst.filter((finding) => finding.how === how).map(({ openedFor }) => openedFor);
    const owner = owners.get(path);
    return {
      path,
      status,
      package: owner?.package ?? null,
      version: owner?.version ?? null,
      source: owner?.source ?? null,
      how,
      openedFor: reasons.includes(null) ? null : (reasons.sort()[0] ?? null),
      programs: [...new Set(worst.map(({ program }) => program))].sort(),
    };
  });
}
