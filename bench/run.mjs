#!/usr/bin/env node
/** `npm run bench`: measures, prints a table, writes bench/out/report.json and report.html. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBroker, stopBroker } from "./broker.mjs";
import { stopAll } from "./command.mjs";
import { removeDisks } from "./disk.mjs";
import { removeMade } from "./engine.mjs";
import { measureFigure } from "./figure.mjs";
import { forgetAll } from "./environments.mjs";
import { figures } from "./figures/index.mjs";
import { describeMachine, load } from "./machine.mjs";
import { deleteMade, root } from "./nix.mjs";
import { figureText, machineText, writeReport } from "./report.mjs";
import { missing, needMessage, versions } from "./tools.mjs";

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

/** Leaves neither containers nor images nor store paths nor files behind. */
async function cleanUp(temporary) {
  await removeMade();
  await stopBroker();
  await removeDisks();
  await forgetAll().catch((error) => process.stderr.write(`left on the engine: ${error.message}\n`));
  for (const problem of await deleteMade()) process.stderr.write(`left in the store: ${problem}\n`);
  rmSync(temporary, { recursive: true, force: true });
}

/** Measures the figures one after another, and prints each. */
async function measureAll(chosen, runs, temporary, isStopped) {
  const results = [];
  for (const figure of chosen) {
    if (isStopped()) break;
    const result = await measureFigure(figure, runs, temporary, (what) => {
      if (isStopped()) throw new Error("stopped");
      progress(`${figure.name}: ${what}`);
    });
    progress("");
    results.push(result);
    if (!isStopped()) print(`${figureText(result)}\n`);
  }
  return results;
}

/** Says what is not there before anything takes time. */
function checkTools(chosen) {
  const lacking = missing([...new Set(chosen.flatMap(({ needs = [] }) => needs))]);
  if (lacking.length === 0) return;
  const hit = chosen.filter(({ needs = [] }) => needs.some((name) => lacking.includes(name)));
  process.stderr.write(
    `${needMessage(lacking)}\nthese figures will fail, the others are measured: ${hit.map(({ name }) => name).join(", ")}\n\n`,
  );
}

async function main() {
  const options = readOptions();
  if (options.help) return print(usage);
  if (options.list) return print(figures.map(({ name, title }) => `${name.padEnd(20)} ${title}\n`).join(""));
  const chosen = figures.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  checkTools(chosen);
  const temporary = mkdtempSync(join(tmpdir(), "voyager-bench-"));
  // The programs that run get the signal too and fail, so what follows is the ordinary way out.
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      stopped = true;
      stopAll();
    });
  }
  const report = {
    started: new Date().toISOString(),
    runs: options.runs,
    load: { before: load(), after: 0 },
  };
  try {
    await startBroker();
    const tools = [...new Set(chosen.flatMap(({ needs = [] }) => needs))];
    report.machine = await describeMachine();
    report.tools = await versions(tools);
    print(
      `${machineText({ ...report.machine, ...report.tools })}\nmedian of ${options.runs} alternating runs (least … most)\n\n`,
    );
    report.figures = await measureAll(chosen, options.runs, temporary, () => stopped);
  } finally {
    await cleanUp(temporary);
  }
  report.load.after = load();
  report.took = (Date.now() - Date.parse(report.started)) / 1000;
  if (stopped) return process.exit(130);
  print(
    `took ${(report.took / 60).toFixed(1)} minutes; load of the machine before and after: ${report.load.before.toFixed(2)}, ${report.load.after.toFixed(2)}\n`,
  );
  for (const file of writeReport(report, join(root, "bench/out"), options.json)) print(`${file}\n`);
  if (report.figures.some(({ error }) => error)) process.exitCode = 1;
}

await main();
