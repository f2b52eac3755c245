#!/usr/bin/env node
/** `npm run bench`: measures, prints a table, writes bench/out/report.json and report.html. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./command.mjs";
import { benchLabel } from "./engine.mjs";
import { figures } from "./figures/index.mjs";
import { describeMachine, load } from "./machine.mjs";
import { compare, measure } from "./measure.mjs";
import { deleteMade, root } from "./nix.mjs";
import { figureText, machineText, writeReport } from "./report.mjs";

const usage = `Usage: npm run bench -- [--only NAME]… [--runs N] [--json FILE]

  --only NAME   only this figure; may be given more than once
  --runs N      alternating runs that count, after one that does not (5)
  --json FILE   write the JSON here instead of bench/out/report.json
  --list        list the figures

Exits with 0 when all was measured, whatever the ratios; 1 when a figure failed; 64 on a wrong option.
`;

const print = (text) => process.stdout.write(text);
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** The options. Exits where they say so, or are wrong. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true, default: [] },
        runs: { type: "string", default: "5" },
        json: { type: "string" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1)
      throw new Error(`--runs must be 1 or more, got '${values.runs}'`);
    const unknown = values.only.find((name) => !figures.some((figure) => figure.name === name));
    if (unknown !== undefined) {
      throw new Error(
        `there is no figure '${unknown}'; there are: ${figures.map(({ name }) => name).join(", ")}`,
      );
    }
    return { ...values, runs };
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    process.exit(64);
  }
}

/** Measures one figure; what goes wrong becomes part of the result, and the others go on. */
async function measureFigure(figure, runs, temporary, isStopped) {
  const { name, title, how, claims } = figure;
  try {
    progress(`${name}: preparing`);
    const { sides } = await figure.prepare(temporary);
    const functions = Object.fromEntries(Object.entries(sides).map(([side, { run: once }]) => [side, once]));
    const seconds = await measure(functions, runs, (round) => {
      if (isStopped()) throw new Error("stopped");
      progress(`${name}: round ${round} of ${runs}`);
    });
    return {
      name,
      title,
      how,
      sides: Object.fromEntries(
        Object.entries(sides).map(([side, { label, command }]) => [
          side,
          { label, command, seconds: seconds[side] },
        ]),
      ),
      claims: claims.map((claim) => {
        const { kind = "ratio", ours, peer, target } = claim;
        const measured = compare(kind, seconds[ours], seconds[peer]);
        return { kind, ours, peer, target, measured, met: measured.median <= target };
      }),
    };
  } catch (error) {
    return { name, title, how, sides: {}, claims: [], error: error.message };
  } finally {
    progress("");
  }
}

/** Leaves neither containers nor store paths nor files behind. */
async function cleanUp(temporary) {
  const filter = ["--filter", `label=${benchLabel}`];
  const { stdout } = await run(["docker", "ps", "--all", "--quiet", ...filter]).catch(() => ({ stdout: "" }));
  for (const id of stdout.split("\n").filter((line) => line !== "")) {
    await run(["docker", "rm", "--force", id]).catch(() => {});
  }
  for (const problem of await deleteMade()) process.stderr.write(`left in the store: ${problem}\n`);
  rmSync(temporary, { recursive: true, force: true });
}

async function main() {
  const options = readOptions();
  if (options.help) return print(usage);
  if (options.list) return print(figures.map(({ name, title }) => `${name.padEnd(20)} ${title}\n`).join(""));
  const temporary = mkdtempSync(join(tmpdir(), "voyager-bench-"));
  // The programs that run get the signal too and fail, so what follows is the ordinary way out.
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      stopped = true;
    });
  }
  const report = {
    started: new Date().toISOString(),
    runs: options.runs,
    load: { before: load(), after: 0 },
  };
  try {
    report.machine = await describeMachine();
    print(`${machineText(report.machine)}\nmedian of ${options.runs} alternating runs (least … most)\n\n`);
    report.figures = [];
    for (const figure of figures) {
      if (stopped || (options.only.length > 0 && !options.only.includes(figure.name))) continue;
      const result = await measureFigure(figure, options.runs, temporary, () => stopped);
      report.figures.push(result);
      print(`${figureText(result)}\n`);
    }
  } finally {
    await cleanUp(temporary);
  }
  report.load.after = load();
  if (stopped) return process.exit(130);
  print(
    `load of the machine before and after: ${report.load.before.toFixed(2)}, ${report.load.after.toFixed(2)}\n`,
  );
  for (const file of writeReport(report, join(root, "bench/out"), options.json)) print(`${file}\n`);
  if (report.figures.some(({ error }) => error)) process.exitCode = 1;
}

await main();
