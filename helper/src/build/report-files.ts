/**
 * The linkage report in all its forms, for people and for programs. It loads what renders them, so
 * import it while the build runs.
 */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { version as helperVersion } from "../common/version.ts";
import { pypiPurl } from "../linkage/purl.ts";
import type { Report } from "../linkage/report.ts";
import { warmUp } from "../records/page/graph/layout.ts";
import { renderPage } from "../records/page/page.ts";
import { renderProvenance } from "../records/provenance/render.ts";
import { embedSboms } from "../records/sbom/embed.ts";
import { type Formulation, formulationOf, renderSbom } from "../records/sbom/render.ts";
import { renderVerifyScript } from "../records/verify/script.ts";
import { replaceFile, supportFolder } from "./nix-support.ts";
import type { Build } from "./runner.ts";

/** What records say of the environment alone, made beforehand. */
export interface Prepared {
  formulation: Formulation;
}

/** Makes it, and does once what takes long only the first time. */
export function prepareRecords({ environment }: Build): Prepared {
  warmUp();
  const { requested, record } = environment;
  return { formulation: formulationOf({ requested, packages: record.packages }, record.osRelease) };
}

/** Writes them into nix-support, and SBOMs into wheels; resolves with their lines for Hydra. */
export async function writeReportFiles(
  build: Build,
  report: Report,
  { formulation }: Prepared,
): Promise<string[]> {
  const { attributes, environment, log } = build;
  const { kind, package: built } = attributes.voyager;
  const folder = supportFolder(attributes);
  for (const left of await embedSboms(report, attributes.outputs, { helperVersion })) log.warn(left);
  const subject = { ...built, kind, purl: kind === "wheel" ? pypiPurl(built.name, built.version) : null };
  const sbom = renderSbom(report, subject, { helperVersion, formulation });
  const page = renderPage(report, { ...built, outputs: Object.keys(attributes.outputs) });
  const files: [name: string, content: string, product: string | null][] = [
    ["linkage.json", `${JSON.stringify(report, null, 1)}\n`, "file linkage"],
    ["linkage.html", page, "report linkage"],
    ["sbom.cdx.json", sbom, "file sbom"],
    [
      "provenance.json",
      renderProvenance({ attributes, environment: environment.record, helperVersion }),
      "file provenance",
    ],
    ["verify", renderVerifyScript(report), null],
  ];
  for (const [name, content] of files) replaceFile(join(folder, name), content);
  chmodSync(join(folder, "verify"), 0o755);
  return files.flatMap(([name, , product]) => (product ? [`${product} "${join(folder, name)}"`] : []));
}
