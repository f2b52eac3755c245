/** Whether all parts of a release are fit for it: what mkAggregate's derivation asks. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { objectionsTo } from "../deliveries/approved.ts";
import { openOwn } from "../deliveries/own-records.ts";
import type { AggregateAttributes, Constituent } from "../spec/aggregate.ts";
import { count } from "./metrics.ts";
import { metricLine, releaseName } from "./grammar.ts";

export const aggregateSchemaName = "voyager-aggregate/1";

/** What was found of one part. */
interface Judged {
  name: string;
  outputs: Record<string, string>;
  /** "pass": its linkage is proven. "none": it is no build that has a linkage. */
  linkage: "pass" | "none";
  /** What keeps it out of the release, a line each. */
  problems: string[];
}

/** What is wrong with an output; nothing for one that has neither report nor failure. */
async function judgeOutput(output: string): Promise<{ hasReport: boolean; problems: string[] }> {
  const delivery = await openOwn(output);
  const problems = objectionsTo(delivery).map(
    ({ why, details }) => `${why}${details.length === 0 ? "" : `: ${details.join("; ")}`}`,
  );
  return { hasReport: delivery.report !== null || delivery.problem !== null, problems };
}

async function judge({ name, outputs, audited }: Constituent): Promise<Judged> {
  const found = [];
  for (const output of Object.values(outputs)) found.push(await judgeOutput(output));
  const problems = found.flatMap((one) => one.problems);
  const hasReport = found.some((one) => one.hasReport);
  if (audited && !hasReport) problems.push("it has no linkage report, though a build of its kind has one");
  return { name, outputs, linkage: hasReport ? "pass" : "none", problems };
}

/** Judges all parts, and writes the result; throws an `aggregate` error that names each unfit one. */
export async function aggregate({ aggregate: spec, outputs }: AggregateAttributes, log: Log): Promise<void> {
  const judged: Judged[] = [];
  for (const constituent of spec.constituents) judged.push(await judge(constituent));
  const unfit = judged.filter(({ problems }) => problems.length > 0);
  if (unfit.length > 0) {
    throw new VoyagerError(
      "aggregate",
      `${spec.name} is held back: ${unfit.length} of ${judged.length} constituents ${unfit.length === 1 ? "is" : "are"} not fit for it`,
      {
        why: unfit
          .flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`))
          .join("\n"),
        remedy: "mend these, or take them from the constituents",
      },
    );
  }
  for (const { name, linkage } of judged)
    log.info(`${name}: ${linkage === "pass" ? "linkage pass" : "no linkage of its own"}`);
  write(outputs.out, spec.name, judged);
}

function write(out: string, name: string, judged: Judged[]): void {
  const support = join(out, "nix-support");
  mkdirSync(support, { recursive: true });
  const constituents = judged.map(({ name, outputs, linkage }) => ({ name, linkage, outputs }));
  const file = join(out, "constituents.json");
  writeFileSync(file, `${JSON.stringify({ schema: aggregateSchemaName, name, constituents }, null, 1)}\n`);
  const paths = judged.flatMap(({ outputs }) => Object.values(outputs));
  const metrics = [
    count("aggregate.constituents", judged.length),
    count("aggregate.proven", judged.filter(({ linkage }) => linkage === "pass").length),
  ];
  const files = {
    "hydra-aggregate-constituents": paths,
    "hydra-build-products": [`file constituents "${file}"`],
    "hydra-metrics": metrics.map(metricLine),
    "hydra-release-name": [releaseName(name)],
  };
  for (const [base, lines] of Object.entries(files))
    writeFileSync(join(support, base), `${lines.join("\n")}\n`);
}
