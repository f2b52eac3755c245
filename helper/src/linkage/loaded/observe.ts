/**
 * Reads back what builders/test/run.sh wrote down, and asks the system for what only it can tell:
 * where links lead, what a program links to, which package owns a file.
 */
import { VoyagerError } from "../../common/errors.ts";
import { quoteWord } from "../../common/shell.ts";
import type { Ask } from "../resolve/ask.ts";
import { askSystem } from "../resolve/ask-system.ts";
import type { Owner } from "../resolve/system-libraries.ts";
import { programsOnlySampled } from "./compare.ts";
import { type Image, parseLoaderLog } from "./loader-log.ts";
import { parseSamples, type Sample } from "./samples.ts";

/** Bytes of the loader's log and of the samples that are read, each: a hundred times what is usual. */
const mostBytes = 64 * 1024 * 1024;
/** Names in one question: a command line has room for some megabytes. */
const namesAtOnce = 2000;

/** What was observed, with the system's answers. */
export interface Observed {
  images: Image[];
  samples: Sample[];
  real: Map<string, string>;
  linked: Map<string, Set<string>>;
}

/** @param folder where run.sh left it @param path PATH of the test */
export async function readObserved(ask: Ask, folder: string, path: string): Promise<Observed> {
  const images = parseLoaderLog(
    await whole(
      ask,
      `find ${quote(folder)} -name 'ld.*' -exec tail -v -n +1 {} +`,
      "of what the loader wrote",
    ),
  );
  const samples = parseSamples(await whole(ask, `cat ${quote(`${folder}/maps`)}`, "samples of processes"));
  const real = await findReal(ask, images, path);
  const linked = new Map<string, Set<string>>();
  const loader = [...real].find(([name]) => /\/ld(-linux[^/]*|64)\.so/.test(name))?.[1];
  const programs = loader ? programsOnlySampled(images, samples, real) : [];
  for (const [index, answer] of (await eachAnswer(ask, "", programs, `${loader} --list "$1"`)).entries()) {
    const names = [...answer.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1] ?? "");
    const files = await realPaths(ask, names);
    linked.set(programs[index] ?? "", new Set(files.values()));
  }
  return { images, samples, real, linked };
}

/** A script's output, all of it. */
async function whole(ask: Ask, script: string, what: string): Promise<string> {
  const output = utf8(await ask(`{ ${script}; } 2>/dev/null | head -c ${mostBytes + 1}`));
  if (output.length <= mostBytes) return output;
  throw new VoyagerError("test", `there are more than ${mostBytes / 1024 / 1024} MiB ${what}`, {
    why: "the test starts very many programs, or programs of very many libraries",
    remedy: 'test fewer things at a time, or set observe = "maps"',
  });
}

/** Real paths of libraries, and of programs, which are looked for as a shell does. */
async function findReal(ask: Ask, images: Image[], path: string): Promise<Map<string, string>> {
  const names = new Set(images.flatMap(({ initial, opened }) => [...initial, ...opened.keys()]));
  const programs = [...new Set(images.map(({ program }) => program))];
  const bare = programs.filter((name) => !name.includes("/"));
  for (const name of programs) if (name.startsWith("/")) names.add(name);
  const find = `for folder in $(printf %s ${quote(path)} | tr ':' ' '); do
    if [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then echo "$folder/$1"; break; fi
  done`;
  const found = (await eachAnswer(ask, "", bare, find)).map((answer) => answer.trim());
  for (const file of found) if (file !== "") names.add(file);
  const real = await realPaths(ask, [...names]);
  for (const [index, name] of bare.entries()) {
    const file = real.get(found[index] ?? "");
    if (file) real.set(name, file);
  }
  return real;
}

/** Names → paths without links; a file that is gone by now keeps its name. */
async function realPaths(ask: Ask, names: string[]): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (let start = 0; start < names.length; start += namesAtOnce) {
    const some = names.slice(start, start + namesAtOnce);
    const lines = utf8(await ask(`realpath -m -- ${some.map(quote).join(" ")}`)).split("\n");
    for (const [index, name] of some.entries()) answers.set(name, lines[index] || name);
  }
  return answers;
}

/** What the script prints for each of the values, its $1. */
async function eachAnswer(ask: Ask, before: string, values: string[], script: string): Promise<string[]> {
  if (values.length === 0) return [];
  const calls = values.map((value) => `answer ${quote(value)}; printf '\\0'`);
  const output = await ask(`${before}\nanswer() {\n${script}\n} 2>/dev/null\n${calls.join("\n")}\n`);
  return utf8(output).split("\0").slice(0, values.length);
}

/** Owners of files, real paths; a file that no package owns has none. */
export async function findOwners(ask: Ask, files: string[]): Promise<Map<string, Owner>> {
  const { system } = await askSystem(ask, [], () => true, files.map(bytes));
  return new Map(
    files.flatMap((file): [string, Owner][] => {
      const owner = system.ownerOf(bytes(file));
      return owner ? [[file, owner]] : [];
    }),
  );
}

/** A word of a script, in which each character is a byte. */
function quote(text: string): string {
  return bytes(quoteWord(text));
}

function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Answers are bytes, one a character. */
function utf8(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
