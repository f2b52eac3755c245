/** Compares files with what a statement says of them. */
import { basename } from "node:path";
import { VoyagerError } from "../../common/errors.ts";
import { narHashNow } from "./host.ts";
import type { Statement } from "./render.ts";
import { type Subject, subjectsOf } from "./subjects.ts";

/** What was compared. */
export interface Compared {
  /** Subjects that are as the statement says. */
  right: string[];
  /** Subjects of other outputs, which were not given. */
  elsewhere: string[];
}

const algorithms = ["sha256", "dirHash", "narSha256"] as const;

function describe({ name, digest }: Subject): string {
  const algorithm = algorithms.find((one) => digest[one] !== undefined);
  return `${name} ${algorithm ?? ""} ${algorithm ? digest[algorithm] : ""}`;
}

/** The output that carries nix-support/, and the others, with which names of their files begin. */
function outputsOf(statement: Statement): { main: string; others: string[] } {
  const { outputs } = statement.predicate.buildDefinition.externalParameters;
  const names = Array.isArray(outputs) && outputs.length > 0 ? outputs.map(String) : ["out"];
  const main = names.includes("out") ? "out" : (names[0] ?? "out");
  return { main, others: names.filter((name) => name !== main) };
}

/** Whether a subject is, by its name, of an output other than the one that is compared. */
function isElsewhere({ name, digest }: Subject, path: string, others: string[]): boolean {
  if (digest.narSha256 !== undefined) return name !== basename(path);
  return others.some((output) => name === output || name.startsWith(`${output}:`));
}

/** Subjects as the files are now, of the kinds that the statement has. */
function subjectsNow(said: Subject[], path: string, output: string): Subject[] {
  const nar = said.some(({ digest }) => digest.narSha256 !== undefined) ? narHashNow(path) : null;
  const files = subjectsOf({ [output]: path });
  return nar === null ? files : [...files, { name: basename(path), digest: { narSha256: nar } }];
}

/**
 * Compares the files of an output with a statement about them.
 *
 * @param path the output that carries nix-support/
 * @throws VoyagerError of kind `provenance` that names each file which differs, is missing or is new
 */
export function compareFiles(statement: Statement, path: string): Compared {
  const { main, others } = outputsOf(statement);
  const elsewhere = statement.subject.filter((one) => isElsewhere(one, path, others));
  const said = statement.subject.filter((one) => !elsewhere.includes(one));
  const now = subjectsNow(said, path, main);
  const saidTexts = new Set(said.map(describe));
  const nowTexts = new Set(now.map(describe));
  const nowNames = new Set(now.map(({ name }) => name));
  const saidNames = new Set(said.map(({ name }) => name));
  // Where there is no Nix to make a NAR, its hash cannot be compared; the files were.
  const unmade = (one: Subject) => one.digest.narSha256 !== undefined && !nowNames.has(one.name);
  const wrong = [
    ...said
      .filter((one) => !nowTexts.has(describe(one)) && !unmade(one))
      .map(({ name }) => `${name}: ${nowNames.has(name) ? "is not what was built" : "is missing"}`),
    ...now.filter(({ name }) => !saidNames.has(name)).map(({ name }) => `${name}: was not built`),
  ];
  if (wrong.length > 0 || said.length === 0) {
    throw new VoyagerError("provenance", `${path} is not what the statement is about`, {
      why: wrong.slice(0, 20).join("\n") || "the statement has no subject of this output",
      remedy: "do not use it: fetch it again from where it was built",
    });
  }
  return {
    right: said.filter((one) => saidTexts.has(describe(one)) && !unmade(one)).map(({ name }) => name),
    elsewhere: elsewhere.map(({ name }) => name),
  };
}

/** Whether a statement tells of just the files that another output than the one with nix-support/ has. */
export function describesOutput(statement: Statement, output: string, path: string): boolean {
  const isOf = ({ name }: Subject) => name === output || name.startsWith(`${output}:`);
  const said = statement.subject.filter((one) => one.digest.narSha256 === undefined && isOf(one));
  const now = new Set(subjectsOf({ [output]: path }).map(describe));
  return said.length === now.size && said.every((one) => now.has(describe(one)));
}
