/** Outputs as builds leave them, with all their records. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Report } from "../src/linkage/report.ts";
import { recordNames } from "../src/records/names.ts";
import { builderId, predicateType, statementType } from "../src/records/provenance/render.ts";
import { subjectsOf } from "../src/records/provenance/subjects.ts";
import { bcryptReport } from "./reports.ts";

export interface BuiltOptions {
  report?: Report | string;
  /** Of the output: path → content. */
  files?: Record<string, string>;
  /** Folders of other outputs, by name, which must be there. */
  others?: Record<string, string>;
}

/** A store path with all records of a build; its provenance tells of the files that are in it. */
export function builtPath(store: string, name: string, options: BuiltOptions = {}): string {
  const { report = bcryptReport, files = { "bin/greet": name }, others = {} } = options;
  const path = join(store, name);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), content);
  }
  const support = join(path, "nix-support");
  mkdirSync(support, { recursive: true });
  for (const record of recordNames) writeFileSync(join(support, record), record);
  writeFileSync(join(support, "linkage.json"), typeof report === "string" ? report : JSON.stringify(report));
  writeFileSync(join(support, "provenance.json"), JSON.stringify(statementOf({ out: path, ...others })));
  return path;
}

function statementOf(outputs: Record<string, string>): unknown {
  const externalParameters = { outputs: Object.keys(outputs) };
  return {
    _type: statementType,
    subject: subjectsOf(outputs),
    predicateType,
    predicate: {
      buildDefinition: { buildType: "test", externalParameters, resolvedDependencies: [] },
      runDetails: { builder: { id: builderId } },
    },
  };
}
