/** Applies all rules, and what a build allows. */
import { dirname } from "node:path";
import type { Allowance } from "../../spec/spec.ts";
import { fileName } from "../file-name.ts";
import type { Problem, Report } from "../report.ts";
import { bundled, staticallyLinked } from "./copies.ts";
import { nixStore } from "./nix-store.ts";
import { type Audited, librariesOf, type RuleCheck } from "./rule.ts";
import { architecture, runDependencies, unowned, unresolved } from "./system.ts";

const unreadable: RuleCheck = (audited) =>
  audited.unreadable.map((one) => ({
    file: fileName(one),
    soname: null,
    rule: "unreadable",
    message: `${fileName(one)} cannot be read: ${one.message}`,
  }));

const checks: RuleCheck[] = [
  unreadable,
  architecture,
  unresolved,
  nixStore,
  bundled,
  staticallyLinked,
  unowned,
  runDependencies,
];

/** What the rules say, and which allowances nothing needed. */
export interface Judgement {
  problems: Problem[];
  allowed: Report["allowed"];
  unused: Allowance[];
}

/** Whether text matches a pattern in which `*` stands for any text. Linear in the text's length. */
export function matches(pattern: string, text: string): boolean {
  const [first = "", ...parts] = pattern.split("*");
  if (parts.length === 0) return pattern === text;
  const last = parts.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

function allows({ soname, file, rule }: Allowance, problem: Problem): boolean {
  return (
    (soname === null || (problem.soname !== null && matches(soname, problem.soname))) &&
    (file === null || matches(file, problem.file)) &&
    (rule === null || rule === problem.rule)
  );
}

/**
 * A folder of RUNPATH in the Nix store is as good as the libraries that are found there: when there
 * are some and all are allowed, so is the folder, for the same reason.
 */
function reasonOfFolder(problem: Problem, audited: Audited, reasons: Map<string, string>): string | null {
  const file = audited.files.find((one) => fileName(one) === problem.file);
  if (problem.rule !== "nix-store" || problem.soname !== null || !file) return null;
  const folder = file.runpath.find((one) => problem.message.endsWith(`: ${one}`));
  const there = librariesOf(file).filter(({ path }) => path !== null && dirname(path) === folder);
  const known = there.map(({ soname }) => reasons.get(`${problem.file}\n${soname}`));
  return known.length > 0 && known.every((reason) => reason !== undefined) ? (known[0] ?? null) : null;
}

function inOrder(a: Problem, b: Problem): number {
  const [first, second] = [a, b].map(({ file, rule, soname }) => `${file}\n${rule}\n${soname}`) as [
    string,
    string,
  ];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Judges what was found. Problems are in order of file, rule and library. */
export function judge(audited: Audited, allowances: Allowance[]): Judgement {
  const found = checks.flatMap((check) => check(audited));
  const used = new Set<Allowance>();
  const problems: Problem[] = [];
  const allowed: Judgement["allowed"] = [];
  const reasons = new Map<string, string>();
  const folders: Problem[] = [];
  for (const problem of found) {
    const allowance = allowances.find((one) => allows(one, problem));
    if (allowance) {
      used.add(allowance);
      allowed.push({ ...problem, reason: allowance.reason });
      if (problem.rule === "nix-store" && problem.soname !== null)
        reasons.set(`${problem.file}\n${problem.soname}`, allowance.reason);
    } else if (problem.rule === "nix-store" && problem.soname === null) folders.push(problem);
    else problems.push(problem);
  }
  for (const problem of folders) {
    const reason = reasonOfFolder(problem, audited, reasons);
    if (reason === null) problems.push(problem);
    else allowed.push({ ...problem, reason });
  }
  const unused = allowances.filter((one) => !used.has(one));
  return { problems: problems.sort(inOrder), allowed: allowed.sort(inOrder), unused };
}
