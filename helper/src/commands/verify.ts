/** `voyager verify`: whether this system has what deliveries need. It runs their own verify script. */
import { spawn } from "node:child_process";
import { failureKinds, VoyagerError } from "../common/errors.ts";
import { writeToStdout } from "../common/log.ts";
import { count, visible } from "../common/text.ts";
import { damagedRecords } from "../deliveries/damaged.ts";
import { findDeliveries, type Places } from "../deliveries/find.ts";
import type { Report } from "../linkage/report.ts";
import { renderVerifyScript } from "../records/verify/script.ts";

export interface VerifyOptions extends Places {
  /** Root folder of the system that is looked at; undefined: this one. */
  root?: string | undefined;
  json: boolean;
}

/** One line of the script's `--tsv`. */
interface Finding {
  status: "ok" | "missing" | "unknown" | "note";
  subject: string;
  text: string;
  remedy: string;
}

interface Verified {
  path: string;
  verdict: "complete" | "missing" | "unknown";
  findings: Finding[];
}

const verdicts = { complete: "all is there", missing: "something is missing", unknown: "cannot tell" };
const marks = { ok: "ok", missing: "MISSING", unknown: "UNKNOWN", note: "note" };

/** Prints what is there and what is not. Resolves with the exit code, see docs/administrators.md. */
export async function verify(options: VerifyOptions): Promise<number> {
  const { deliveries, without } = await findDeliveries(options);
  const results: Verified[] = [];
  for (const { path, report } of deliveries) {
    const text = "it has no report that could be read: what it needs is not known";
    const unread: Finding = { status: "unknown", subject: "linkage report", text, remedy: "" };
    results.push(
      report === null
        ? { path, verdict: "unknown", findings: [unread] }
        : { path, ...(await runScript(report, options.root)) },
    );
  }
  if (options.json) {
    writeToStdout(`${JSON.stringify({ otherPaths: without, deliveries: results }, null, 2)}\n`);
  } else print(results, without);
  const damaged = damagedRecords(deliveries);
  if (damaged) throw damaged;
  if (results.some(({ verdict }) => verdict === "missing")) return failureKinds.verify.exitCode;
  return results.some(({ verdict }) => verdict === "unknown") ? failureKinds.unknown.exitCode : 0;
}

function runScript(report: Report, root: string | undefined): Promise<Omit<Verified, "path">> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new VoyagerError("usage", "the system cannot be looked at", {
          why,
          remedy: "the script needs a shell (/bin/sh), od, tr, grep, sed and readlink; --root wants a folder",
        }),
      );
    // By standard input, as a report may make it longer than an argument can be.
    const args = ["-s", "--", "--tsv", ...(root === undefined ? [] : ["--root", root])];
    const child = spawn("/bin/sh", args, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    let complaints = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaints += text;
    });
    child.on("error", (error) => fail(error.message));
    child.on("close", (status) => {
      const findings = parseFindings(output);
      const verdict = (["complete", "missing", "unknown"] as const)[status ?? -1];
      if (verdict === undefined || (verdict === "unknown" && findings.length === 0)) {
        fail(complaints.trim() || `the script ended with ${status}`);
      } else resolve({ verdict, findings });
    });
    child.stdin.on("error", () => {}); // it has ended early, and says why by its status
    child.stdin.end(renderVerifyScript(report));
  });
}

function parseFindings(output: string): Finding[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [status = "", subject = "", text = "", remedy = ""] = line.split("\t");
      return { status: status as Finding["status"], subject, text, remedy };
    });
}

function print(results: Verified[], without: number): void {
  for (const { path, verdict, findings } of results) {
    writeToStdout(`${visible(path)}: ${verdicts[verdict]}\n`);
    for (const { status, subject, text, remedy } of findings) {
      writeToStdout(`  ${(marks[status] ?? status).padEnd(7)}  ${visible(subject)}: ${visible(text)}\n`);
      if (remedy) writeToStdout(`           remedy: ${visible(remedy)}\n`);
    }
  }
  if (results.length === 0) writeToStdout("no deliveries\n");
  if (without > 0) writeToStdout(`${count(without, "other path")} without a record of nix-voyager\n`);
}
