/**
 * What the SBOM says beyond CycloneDX's own fields. docs/scanners.md documents our properties; those
 * of Trivy and Syft are here because they decide what these scanners find.
 */

/** Namespace of our properties. */
const own = "nix-voyager";

/** Our properties, by what they say. */
export const property = {
  system: `${own}:system`,
  image: `${own}:image`,
  kind: `${own}:kind`,
  verdict: `${own}:verdict`,
  relation: `${own}:relation`,
  direct: `${own}:direct`,
  requested: `${own}:requested`,
  minimumVersion: `${own}:minimumVersion`,
  soname: `${own}:soname`,
  needs: `${own}:needs`,
  dlopen: `${own}:dlopen`,
  static: `${own}:static`,
  runpath: `${own}:runpath`,
  machine: `${own}:machine`,
  buildId: `${own}:buildId`,
  output: `${own}:output`,
} as const;

/** Distributions that Trivy knows by another name than os-release(5) has. */
const trivyFamilies: Record<string, string> = {
  rhel: "redhat",
  almalinux: "alma",
  ol: "oracle",
  amzn: "amazon",
};

/** The distribution's name as Trivy has it; Syft reads the right one from a property. */
export function trivyFamily(id: string): string {
  return trivyFamilies[id] ?? id;
}

/** A version in the parts that Trivy compares: [EPOCH:]VERSION[-RELEASE]. */
function parts(version: string): { epoch: string; version: string; release: string } {
  const match = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version);
  return { epoch: match?.[1] ?? "0", version: match?.[2] ?? version, release: match?.[3] ?? "" };
}

/** What tells Trivy the source package: it does not read the purl's `upstream`. */
export function trivySource(source: string, sourceVersion: string): [name: string, value: string][] {
  const { epoch, version, release } = parts(sourceVersion);
  const named: [string, string][] = [
    ["SrcName", source],
    ["SrcVersion", version],
    ["SrcRelease", release],
    ["SrcEpoch", epoch === "0" ? "" : epoch],
  ];
  return named
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [`aquasecurity:trivy:${name}`, value]);
}
