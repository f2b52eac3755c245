/** The audit of what a build has made: told in the log, and an error when it breaks a rule. */
import { storeOf } from "../common/store.ts";
import { VoyagerError } from "../common/errors.ts";
import { secondsSince, writeToStderr } from "../common/log.ts";
import type { Records } from "../hydra/grammar.ts";
import { audit } from "../linkage/audit.ts";
import type { Report } from "../linkage/report.ts";
import { renderTable } from "../records/table.ts";
import { type Prepared, prepareRecords, writeReportFiles } from "./report-files.ts";
import type { System } from "../spec/spec.ts";
import { buildFolder, controlFolder } from "./layout.ts";
import { mainOutput } from "./nix-support.ts";
import type { AuditRoom, Build } from "./runner.ts";

/** The base image, as the system names it. */
function imageName({ name, image }: System): string {
  return image.reference ?? (image.bootstrap ? `${image.bootstrap.tool} ${image.bootstrap.suite}` : name);
}

/**
 * Audits a build's outputs and says what was found. Resolves with what writes the records, which does
 * not need the container and resolves with what Hydra is told. Throws an error of kind `linkage`
 * when a rule is broken, naming each file and library.
 */
export async function auditBuild(
  build: Build,
  room: AuditRoom,
  prepared: Prepared,
): Promise<() => Promise<Records>> {
  const start = performance.now();
  const { attributes, environment, log } = build;
  const spec = attributes.voyager;
  const { report, unused } = await audit({
    outputs: attributes.outputs,
    system: { name: spec.system.name, image: imageName(spec.system) },
    environment: environment.record,
    systemRunDependencies: spec.systemRunDependencies,
    allow: spec.linkage?.allow ?? [],
    store: storeOf(mainOutput(attributes.outputs)),
    room,
    links: `${buildFolder}/${controlFolder}/links`,
  });
  const files = report.files.length;
  log.info({ seconds: secondsSince(start) }, `linkage: ${files} compiled file${files === 1 ? "" : "s"} read`);
  writeToStderr(renderTable(report));
  for (const one of unused) {
    const what = [one.rule, one.soname, one.file].filter((part) => part !== null).join(", ");
    log.warn(`linkage.allow has an entry that nothing needs: ${what}`);
  }
  if (report.verdict === "fail") throw brokenRules(spec.name, report);
  return async () => {
    const begin = performance.now();
    const records = await writeReportFiles(build, report, prepared);
    log.info({ seconds: secondsSince(begin) }, "linkage: records written");
    return records;
  };
}

const mostShown = 20;

function brokenRules(name: string, { problems }: Report): VoyagerError {
  const shown = problems.slice(0, mostShown).map(({ rule, message }) => `${rule}: ${message}`);
  const more = problems.length - shown.length;
  return new VoyagerError("linkage", `${name} links to what it must not`, {
    why: [...shown, ...(more > 0 ? [`and ${more} more, see the table above`] : [])].join("\n"),
    remedy:
      "the table above says for each what to do; docs/linkage.md explains the rules and how to allow exceptions",
  });
}

/** Does what can be done before the build's script has ended, and loads what most audits need. */
export async function prepareAudit(build: Build): Promise<Prepared> {
  await Promise.all([import("../linkage/find/unpack.ts"), import("../linkage/find/zip.ts")]);
  return prepareRecords(build);
}
