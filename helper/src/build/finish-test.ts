/** What a test leaves: what it loaded beside what was reported, and its JUnit file. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { writeToStderr } from "../common/log.ts";
import type { Records } from "../hydra/grammar.ts";
import { count } from "../hydra/metrics.ts";
import { compare } from "../linkage/loaded/compare.ts";
import { type Loaded, type LoadedLibrary, loadedSchemaName } from "../linkage/loaded/loaded.ts";
import { findOwners, type Observed, readObserved } from "../linkage/loaded/observe.ts";
import { Reported } from "../linkage/loaded/reported.ts";
import { loadedText, summarize, unreportedTable } from "../linkage/loaded/text.ts";
import { type Report, reportSchema } from "../linkage/report.ts";
import type { TestSpec } from "../spec/spec.ts";
import { readJunit } from "./junit.ts";
import { buildFolder, controlFolder, outputPaths } from "./layout.ts";
import { mainOutput, replaceFile, supportFolder } from "./nix-support.ts";
import type { AuditRoom, Build } from "./runner.ts";
import { endOfScript } from "./script-end.ts";

const control = `${buildFolder}/${controlFolder}`;
/** Where run.sh installs wheels. */
const pythonFolder = `${control}/python`;
const junitFile = `${buildFolder}/junit.xml`;
const mostJunitBytes = 64 * 1024 * 1024;

/** Where run.sh writes the exit code of a script that failed, for a test that is kept all the same. */
const statusFile = `${control}/test-status`;

/** Says that a test failed: throws, or notes it for a test that is kept. */
type Fail = (error: VoyagerError) => void;

/**
 * Writes the results of a test whose script has succeeded, or which is kept in any case, and resolves with
 * what Hydra is told. Throws when they say that it should not have, unless the test is kept: then
 * nix-support/failed says it.
 */
export async function finishTest(build: Build, test: TestSpec, room: AuditRoom): Promise<Records> {
  const out = mainOutput(build.attributes.outputs);
  const folder = supportFolder(build.attributes);
  const failures: VoyagerError[] = [];
  const fail: Fail = (error) => {
    if (!test.keepFailed) throw error;
    failures.push(error);
  };
  if (test.keepFailed) await noteStatus(build, room, fail);
  const records: Records = { products: [], metrics: [] };
  const junit = await takeJunit(build, room, fail);
  if (junit !== null) {
    replaceFile(join(out, "junit.xml"), junit.steady);
    records.products.push(`report junit "${out}/junit.xml"`);
    const counts = Object.entries(junit.counts);
    records.metrics.push(...counts.map(([name, value]) => count(`junit.${name}`, value)));
  }
  const loaded = await compareLoaded(build, test, room, fail);
  replaceFile(join(folder, "loaded.json"), `${JSON.stringify(loaded, null, 1)}\n`);
  replaceFile(join(out, "loaded.txt"), loadedText(loaded));
  records.products.push(`report loaded "${out}/loaded.txt"`);
  const unreported = loaded.libraries.filter(({ status }) => status === "unreported").length;
  records.metrics.push(
    count("loaded.libraries", loaded.libraries.length),
    count("loaded.unreported", unreported),
  );
  if (failures.length > 0) keepFailure(build, failures, join(folder, "failed"));
  return records;
}

/** Takes note of a script that failed, of which run.sh has told us in a file. */
async function noteStatus({ attributes, output }: Build, { ask }: AuditRoom, fail: Fail): Promise<void> {
  const text = (await ask(`[ ! -f ${statusFile} ] || head -c 20 ${statusFile}`)).trim();
  if (text === "") return;
  const why = output.tail().join("\n");
  fail(new VoyagerError("test", endOfScript(attributes.voyager, Number(text)), { why }));
}

/** Says in the result what failed, without what differs from run to run, and in the log with it. */
function keepFailure({ attributes, log }: Build, failures: VoyagerError[], file: string): void {
  replaceFile(file, `${failures.map(({ what }) => what).join("\n")}\n`);
  for (const failure of failures) writeToStderr(`${failure.render()}\n`);
  log.warn(`${attributes.voyager.name} failed, and is kept (keepFailed): nix-support/failed tells Hydra so`);
}

/** The JUnit file as it goes into the output; null when there is none that can be read. */
async function takeJunit(
  build: Build,
  { ask }: AuditRoom,
  fail: Fail,
): Promise<ReturnType<typeof readJunit>> {
  const bytes = await ask(`[ ! -f ${junitFile} ] || { echo; head -c ${mostJunitBytes + 1} ${junitFile}; }`);
  if (bytes === "") return null;
  const text = Buffer.from(bytes.slice(1), "latin1").toString("utf8");
  const read = bytes.length > mostJunitBytes ? null : readJunit(text);
  const { name } = build.attributes.voyager;
  if (read === null) {
    fail(
      new VoyagerError("test", `${name} wrote a JUnit file that cannot be read`, {
        why: `$junit is not XML with 'testsuites' or 'testsuite' around all, or has more than ${mostJunitBytes / 1024 / 1024} MiB`,
        remedy: "write another file than $junit, if it is not a JUnit file",
      }),
    );
    return null;
  }
  const { tests, failures, errors, skipped } = read.counts;
  build.log.info(`junit: ${tests} tests, ${failures} failures, ${errors} errors, ${skipped} skipped`);
  if (failures + errors > 0) {
    fail(
      new VoyagerError("test", `${name}: the JUnit file tells of failed tests`, {
        why: `${failures} failures and ${errors} errors, whatever the script's exit code`,
        remedy:
          "let the script fail where its tests do: `pytest … | tee log` needs no more than pipefail, which is set",
      }),
    );
  }
  return read;
}

async function compareLoaded(build: Build, test: TestSpec, { ask }: AuditRoom, fail: Fail): Promise<Loaded> {
  const spec = build.attributes.voyager;
  const path = [`${pythonFolder}/bin`, build.variables.PATH].join(":");
  const observed = await readObserved(ask, `${control}/observed`, path);
  const reports = readReports(build, test);
  const sameSystem = reports.every(({ system }) => system.name === spec.system.name);
  const store = build.attributes.closure.map((entry) => entry.path);
  const outputs = Object.values(outputPaths(build.attributes));
  const placeOf = (file: string) => {
    if ([pythonFolder, ...store].some((folder) => isBelow(file, folder))) return "package" as const;
    return [buildFolder, ...outputs].some((folder) => isBelow(file, folder))
      ? ("test" as const)
      : ("system" as const);
  };
  const owners = await findOwners(
    ask,
    libraryFiles(observed).filter((file) => placeOf(file) === "system"),
  );
  const reported = new Reported(reports, sameSystem);
  const { libraries, programs } = compare({ ...observed, owners, placeOf, reported, sameSystem });
  const shown = shortener(store);
  const loaded: Loaded = {
    schema: loadedSchemaName,
    system: spec.system.name,
    packages: test.packages.map((file) => basename(shown(file))),
    reports: reports.length,
    programs: programs.map(shown),
    libraries: libraries.map((library) => withPaths(library, shown)),
  };
  tell(build, test, loaded, fail);
  return loaded;
}

function tell({ log, attributes }: Build, test: TestSpec, loaded: Loaded, fail: Fail): void {
  const { name } = attributes.voyager;
  log.info(summarize(loaded));
  if (loaded.reports === 0) {
    log.warn(`none of ${loaded.packages.join(", ")} has a linkage report to compare with`);
  }
  const table = unreportedTable(loaded);
  if (table === "") return;
  if (test.unreported === "fail") {
    fail(
      new VoyagerError("test", `${name} loaded libraries that no linkage report has`, {
        why: table,
        remedy:
          'declare them where they are known to be opened (a .note.dlopen in the file), or leave unreported at "tell"',
      }),
    );
    return;
  }
  log.warn("loaded, but in no linkage report:");
  writeToStderr(table);
}

/** Linkage reports of what is tested; a package that is not of our making has none. */
function readReports(build: Build, test: TestSpec): Report[] {
  return [...new Set([...test.packages, ...test.pythonDependencies])].flatMap((folder) => {
    const file = join(folder, "nix-support/linkage.json");
    if (!existsSync(file)) return [];
    try {
      return [v.parse(reportSchema, JSON.parse(readFileSync(file, "utf8")))];
    } catch (error) {
      throw new VoyagerError("test", `the linkage report of ${folder} cannot be read`, {
        why: messageOf(error),
        remedy: `build it and ${build.attributes.voyager.name} with the same nix-voyager`,
      });
    }
  });
}

function libraryFiles({ images, samples, real }: Observed): string[] {
  const names = images.flatMap(({ initial, opened }) => [...initial, ...opened.keys()]);
  const files = [
    ...names.map((name) => real.get(name) ?? name),
    ...samples.flatMap(({ mapped }) => [...mapped]),
  ];
  return [...new Set(files)].filter((file) => file.startsWith("/") && !file.includes("\n"));
}

/** Paths as they are shown: a store path without its hash, a wheel's file as Python has it. */
function shortener(store: string[]): (file: string) => string {
  return (file) => {
    const found = store.find((folder) => isBelow(file, folder));
    if (found) return basename(found).replace(/^[0-9a-z]{32}-/, "") + file.slice(found.length);
    return isBelow(file, pythonFolder) ? file.slice(pythonFolder.length + 1) : file;
  };
}

function withPaths(library: LoadedLibrary, shown: (file: string) => string): LoadedLibrary {
  const { path, openedFor, programs } = library;
  return {
    ...library,
    path: shown(path),
    openedFor: openedFor && shown(openedFor),
    programs: programs.map(shown),
  };
}

function isBelow(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}
