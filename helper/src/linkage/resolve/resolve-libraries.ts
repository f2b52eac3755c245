/** Where the environment's own loader finds the libraries of files. */
import { dirname } from "node:path";
import type { ElfFacts } from "../elf/facts.ts";
import { type Ask, askTogether, hasControlCharacters, type Question } from "./ask.ts";
import { type LoaderAnswer, readLoaderAnswer } from "./loader-answer.ts";
import { askLoaders, type LoaderQuestion, type RawAnswer, type RawAnswers } from "./loader-question.ts";
import { loadersFor } from "./loaders.ts";

/** What of a file's facts the loader's answer depends on. */
export type LinkFacts = Pick<
  ElfFacts,
  | "class"
  | "machine"
  | "dynamic"
  | "interpreter"
  | "soname"
  | "needed"
  | "rpath"
  | "runpath"
  | "versionsNeeded"
>;

/** A file to ask about. */
export interface FileToResolve {
  /** Path in the container: bytes, one a character, as `Ask` has them. */
  path: string;
  facts: LinkFacts;
}

/** What the loader says of a file. */
export interface Resolution {
  /** All that it loads, in its order; the loader itself too. `path` is as it says, `realPath` without links. */
  libraries: { soname: string; path: string; realPath: string }[];
  missing: string[];
  missingVersions: { soname: string; version: string; neededBy: string }[];
  /** Why it could not read the file, or its answer cannot be trusted. */
  error: string | null;
  /** The loader that was asked; null if the environment has none for the file's class and machine. */
  loader: string | null;
}

/** More is no real file, and would fill the answer. */
const mostNeeded = 5000;
/** Seconds for one file, and for all, when some did not answer together with the others. */
const secondPace = { each: 10, all: 60 };

const nothing = { libraries: [], missing: [], missingVersions: [] };

/** Files whose answers are the same for all, by a key of what the answer depends on. */
type Groups = Map<string, { question: LoaderQuestion; facts: LinkFacts; files: FileToResolve[] }>;

/**
 * Asks the environment's loader about all files; those that must give the same answer only once.
 * Static files are not asked, and have an empty resolution.
 */
export async function resolveLibraries(
  ask: Ask,
  files: readonly FileToResolve[],
): Promise<Map<string, Resolution>> {
  const question = resolutionQuestion(files);
  const [first] = await askTogether(ask, [question]);
  return completeResolutions(ask, first);
}

/** Answers of the first try, and what is left to ask. */
export interface FirstAnswers {
  resolutions: Map<string, Resolution>;
  /** Files of which none came: something held up the shell that was to ask about them. */
  left: FileToResolve[];
}

/** The question of `resolveLibraries`, to be asked together with others. */
export function resolutionQuestion(files: readonly FileToResolve[]): Question<FirstAnswers> {
  const { resolutions, groups } = prepare(files);
  const all = [...groups.values()];
  const pace = { each: null, all: 2 + Math.ceil(all.length / 50) };
  const question = askLoaders(
    all.map((group) => group.question),
    pace,
  );
  return {
    script: question.script,
    read(output) {
      const raw = question.read(output);
      const left: FileToResolve[] = [];
      all.forEach((group, index) => {
        const answer = raw.answers[index];
        if (!answer) left.push(...group.files);
        else for (const file of group.files) resolutions.set(file.path, toResolution(group, answer, raw));
      });
      return { resolutions, left };
    },
  };
}

/** Asks once more, each by itself and with a limit, about what the first try left. */
export async function completeResolutions(ask: Ask, first: FirstAnswers): Promise<Map<string, Resolution>> {
  if (first.left.length === 0) return first.resolutions;
  const { groups } = prepare(first.left);
  const all = [...groups.values()];
  const [raw] = await askTogether(ask, [
    askLoaders(
      all.map((group) => group.question),
      secondPace,
    ),
  ]);
  all.forEach((group, index) => {
    const answer = raw.answers[index];
    const resolution: Resolution = answer
      ? toResolution(group, answer, raw)
      : { ...nothing, error: "the loader did not answer in time", loader: null };
    for (const file of group.files) first.resolutions.set(file.path, resolution);
  });
  return first.resolutions;
}

/** Files that need not, or must not, be asked have their resolution at once. */
function prepare(files: readonly FileToResolve[]): { resolutions: Map<string, Resolution>; groups: Groups } {
  const resolutions = new Map<string, Resolution>();
  const groups: Groups = new Map();
  for (const file of files) {
    const { facts, path } = file;
    const loaders = loadersFor(facts);
    const error = facts.dynamic ? unaskable(file) : null;
    if (!facts.dynamic || error !== null || loaders.length === 0) {
      resolutions.set(path, { ...nothing, error, loader: null });
      continue;
    }
    const key = keyOf(file);
    const group = groups.get(key);
    if (group) group.files.push(file);
    else groups.set(key, { question: { file: path, loaders }, facts, files: [file] });
  }
  return { resolutions, groups };
}

/** Why the loader's answer could not be told from what a name pretends it to be. */
function unaskable({ path, facts }: FileToResolve): string | null {
  if (facts.needed.length > mostNeeded) {
    return `it needs ${facts.needed.length} libraries, more than the ${mostNeeded} that are looked for`;
  }
  const names = [path, ...facts.needed, ...facts.rpath, ...facts.runpath, facts.soname ?? ""];
  const strange = names.find(hasControlCharacters);
  if (strange !== undefined) return `a name in it has a control character: ${JSON.stringify(strange)}`;
  if (!path.startsWith("/")) return "its path in the container is not absolute";
  return null;
}

/** All that an answer depends on. Its own soname is one: a library may need it in turn. */
function keyOf({ path, facts }: FileToResolve): string {
  const { machine, interpreter, soname, needed, rpath, runpath, versionsNeeded } = facts;
  const versions = Object.entries(versionsNeeded).sort(([a], [b]) => (a < b ? -1 : 1));
  const where = [...needed, ...rpath, ...runpath].some((name) => name.includes("$")) ? dirname(path) : "";
  return JSON.stringify([facts.class, machine, interpreter, soname, needed, rpath, runpath, versions, where]);
}

function toResolution(
  group: { question: LoaderQuestion; facts: LinkFacts },
  raw: RawAnswer,
  { realPaths }: RawAnswers,
): Resolution {
  if (raw.loader === null) return { ...nothing, error: null, loader: null };
  const answer: LoaderAnswer = readLoaderAnswer(
    group.question.file,
    group.facts.needed,
    raw.output,
    raw.status,
  );
  let error = answer.error;
  const libraries = answer.libraries.map(({ soname, path }) => {
    const realPath = realPaths?.get(path);
    if (realPath === undefined) error ??= `the real path of ${path} cannot be told`;
    return { soname, path, realPath: realPath ?? path };
  });
  const { missing, missingVersions } = answer;
  return { libraries, missing, missingVersions, error, loader: raw.loader };
}
