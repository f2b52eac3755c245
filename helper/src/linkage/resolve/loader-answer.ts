/**
 * Reads what a loader printed of one file. What is not understood line by line is an error, never
 * a success: a name may hold whole lines.
 */

/** A library as the loader found it. */
export interface FoundLibrary {
  soname: string;
  /** As the loader says, links not followed. */
  path: string;
}

export interface LoaderAnswer {
  libraries: FoundLibrary[];
  /** Sonames that it did not find, also those that a library needs. */
  missing: string[];
  missingVersions: { soname: string; version: string; neededBy: string }[];
  error: string | null;
}

/** What the kernel maps into each process; no file. */
const ofKernel = /^linux-(vdso(32|64)?|gate)\.so\.1$/;
const found = /^\t(.+) => (.+) \(0x[0-9a-f]+\)$/;
/** The loader itself, and what is needed by a path. */
const byPath = /^\t(.+) \(0x[0-9a-f]+\)$/;
const notFound = /^\t(.+) => not found$/;
const noVersion = /^(.+): version `(.+)' not found \(required by (.+)\)$/;
/** The loader goes on after these: https://sourceware.org/git/glibc.git elf/dl-version.c */
const onlyWarning = /: (no version information available|weak version `.+' not found) \(required by .+\)$/;
const failure = /^error while loading shared libraries: (.+)$/;
const muslNotFound = /^Error loading shared library (.+): .+ \(needed by .+\)$/;
/** musl binds all symbols when asked, and modules of a program have symbols that the program gives. */
const muslSymbol = /^Error relocating .+: .+: symbol not found$/;

/**
 * @param file path that the loader was given; its messages begin with it
 * @param needed what the file itself needs
 * @param output of the loader, both streams
 * @param status it ended with
 */
export function readLoaderAnswer(
  file: string,
  needed: readonly string[],
  output: string,
  status: number,
): LoaderAnswer {
  const answer: LoaderAnswer = { libraries: [], missing: [], missingVersions: [], error: null };
  const versions: { path: string; version: string; neededBy: string }[] = [];
  const lines = output.split("\n").filter((line) => line !== "");
  // Before all lines: the shell's words for a signal are among them.
  if (status > 128) answer.error = describeStatus(status);
  for (const line of lines) {
    if (!readLine(line, file, needed, answer, versions)) {
      answer.error ??= `the loader said what is not understood: ${JSON.stringify(line.slice(0, 300))}`;
    }
  }
  for (const { path, version, neededBy } of versions) {
    const library = answer.libraries.find((one) => one.path === path);
    answer.missingVersions.push({ soname: library?.soname ?? baseName(path), version, neededBy });
  }
  const muslSaidWhy =
    status === 127 && lines.some((line) => muslNotFound.test(line) || muslSymbol.test(line));
  if (status !== 0 && !muslSaidWhy) answer.error ??= describeStatus(status);
  if (lines.length === 0) answer.error ??= "the loader said nothing";
  return answer;
}

function readLine(
  line: string,
  file: string,
  needed: readonly string[],
  answer: LoaderAnswer,
  versions: { path: string; version: string; neededBy: string }[],
): boolean {
  if (line === "\tstatically linked") return true;
  if (line.startsWith("\t")) return readLibrary(line, needed, answer);
  const missing = muslNotFound.exec(line);
  if (missing?.[1]) {
    answer.missing.push(missing[1]);
    return true;
  }
  if (muslSymbol.test(line)) return true;
  if (!line.startsWith(`${file}: `)) return false;
  const message = line.slice(file.length + 2);
  const version = noVersion.exec(message);
  if (version && !onlyWarning.test(message)) {
    const [, path = "", name = "", neededBy = ""] = version;
    versions.push({ path, version: name, neededBy });
    return true;
  }
  if (onlyWarning.test(message)) return true;
  const reason = failure.exec(message)?.[1];
  answer.error ??= reason ?? null;
  return reason !== undefined;
}

function readLibrary(line: string, needed: readonly string[], answer: LoaderAnswer): boolean {
  const missing = notFound.exec(line)?.[1];
  if (missing !== undefined) {
    answer.missing.push(missing);
    return true;
  }
  const library = found.exec(line);
  if (library) {
    const [, soname = "", path = ""] = library;
    return add(answer, soname, path);
  }
  const path = byPath.exec(line)?.[1];
  if (path === undefined) return false;
  if (ofKernel.test(path)) return true;
  return add(answer, needed.includes(path) ? path : baseName(path), path);
}

function add(answer: LoaderAnswer, soname: string, path: string): boolean {
  if (!path.startsWith("/")) {
    answer.error ??= `${soname} is found as ${path}: relative to the folder that it happens to be started in`;
    return true;
  }
  answer.libraries.push({ soname, path });
  return true;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Statuses as the shell gives them: 128 and the signal. */
function describeStatus(status: number): string {
  if (status === 135 || status === 139) {
    return `the loader was killed by signal ${status - 128}, as it is by files that end too soon`;
  }
  if (status === 137) return "the loader did not answer in time";
  if (status === 126) return "the loader cannot be run on this machine";
  return status > 128
    ? `the loader was killed by signal ${status - 128}`
    : `the loader ended with status ${status}`;
}
