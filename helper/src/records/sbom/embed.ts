/** Puts into every wheel of a build the SBOM of that wheel. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileName } from "../../linkage/file-name.ts";
import { pypiPurl } from "../../linkage/purl.ts";
import type { Report } from "../../linkage/report.ts";
import { addSbomToWheel } from "../wheel/add-sbom.ts";
import { checkedHashes } from "../wheel/content.ts";
import { renderSbom } from "./render.ts";
import { reportOf } from "./report-of.ts";

/** Names of the wheels at the top of an output, which may be a single file. */
function wheelsOf(folder: string): string[] {
  if (!statSync(folder).isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".whl"))
    .map(({ name }) => name)
    .sort();
}

/**
 * Adds an SBOM to each wheel at the top of the outputs, in place. It speaks of that wheel's files and
 * of the packages that they use; what the wheel was built from is left to the build's own SBOM.
 *
 * @param outputs name → path of each output
 * @param license of the package, if it is known
 * @returns a sentence for each wheel that was left as it is, saying why
 * @throws VoyagerError of kind `output` for a wheel that is none, or cannot be changed safely
 */
export async function embedSboms(
  report: Report,
  outputs: Record<string, string>,
  { helperVersion, license }: { helperVersion: string; license?: string },
): Promise<string[]> {
  const left: string[] = [];
  for (const [output, folder] of Object.entries(outputs)) {
    for (const path of wheelsOf(folder)) {
      const added = await addSbomToWheel(join(folder, path), async (wheel) => {
        const { name, version } = wheel;
        const subject = { name, version, purl: pypiPurl(name, version), kind: "wheel", license };
        const own = reportOf(report, { output, path });
        const hashes = await checkedHashes(wheel, new Set(own.files.map(fileName)));
        return renderSbom(own, subject, { helperVersion, hashes });
      });
      if (!added.added) left.push(`${path} has no SBOM inside: ${added.why}`);
    }
  }
  return left;
}
