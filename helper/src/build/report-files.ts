/**
 * The linkage report in all its forms, for people and for programs. It loads what renders them, so
 * import it while the build runs.
 */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { version as helperVersion } from "../common/version.ts";
import type { Records } from "../hydra/grammar.ts";
import { linkageMetrics } from "../hydra/metrics.ts";
import { pypiPurl } from "../linkage/purl.ts";
import type { Report } from "../linkage/report.ts";
import { renderPage } from "../records/page/page.ts";
import { makePredicate, renderProvenance, type Statement } from "../records/provenance/render.ts";
import { embedSboms } from "../records/sbom/embed.ts";
import { type Formulation, formulationOf, renderSbom } from "../records/sbom/render.ts";
import { smallReport } from "../records/small-report.ts";
import { renderTable } from "../records/table.ts";
import { renderVerifyScript } from "../records/verify/script.ts";
import { replaceFile, supportFolder } from "./nix-support.ts";
import type { Build } from "./runner.ts";

/** What records say of all but the outputs, made beforehand. */
export interface Prepared {
  formulation: Formulation;
  predicate: Statement["predicate"];
}

/** Makes it, and does once what takes long only the first time. */
export function prepareRecords({ attributes, environment: { requested, record } }: Build): Prepared {
  renderOnce();
  return {
    formulation: formulationOf({ requested, packages: record.packages }, record.osRelease),
    predicate: makePredicate({ attributes, environment: record, helperVersion }),
  };
}

/** Renders a report of one file: what is compiled and looked up at the first time takes most of it. */
function renderOnce(): void {
  const report = smallReport();
  const subject = { name: "none", version: "0", kind: "build", purl: null };
  renderPage(report, { name: "none", version: null, outputs: ["out"] });
  renderSbom(report, subject, { helperVersion });
  renderVerifyScript(report);
  renderTable(report);
}

/** Writes them into nix-support, and SBOMs into wheels; resolves with what Hydra is told of them. */
export async function writeReportFiles(
  build: Build,
  report: Report,
  { formulation, predicate }: Prepared,
): Promise<Records> {
  const { attributes, log } = build;
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
    ["provenance.json", renderProvenance({ attributes }, predicate), "file provenance"],
    ["verify", renderVerifyScript(report), null],
  ];
  for (const [name, content] of files) replaceFile(join(folder, name), content);
  chmodSync(join(folder, "verify"), 0o755);
  const products = files.flatMap(([name, , product]) =>
    product ? [`${product} "${join(folder, name)}"`] : [],
  );
  return { products, metrics: linkageMetrics(report) };
}
