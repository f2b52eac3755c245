/** The report's list of packages: all that provide something, and how the build holds on to them. */
import type { Owner } from "./resolve/system-libraries.ts";
import { purlOf } from "./purl.ts";
import type { Provider, Report, ReportFile, ReportPackage } from "./report.ts";
import { librariesOf } from "./rules/rule.ts";

/** What is known of the packages that own files of the system. */
export interface PackageKnowledge {
  osRelease: Record<string, string>;
  /** The package of this name that is installed, as the index of libraries knows it. */
  packageNamed(name: string): Owner | null;
  /** Least versions that the target needs, by package; see `minimumVersions`. */
  minimumVersions: Map<string, string | null>;
}

interface Use {
  provider: Provider;
  relation: ReportPackage["relation"];
  direct: boolean;
  sonames: Set<string>;
}

/** Packages by name and relation, in that order. @param problems all, allowed or not: they name the copies */
export function assemblePackages(
  files: ReportFile[],
  copies: { provider: Provider; soname: string }[],
  known: PackageKnowledge,
): Report["packages"] {
  const uses = new Map<string, Use>();
  const use = (provider: Provider, relation: Use["relation"], direct: boolean, soname: string) => {
    if (provider.kind !== "system" || provider.package === null) return;
    const key = `${provider.package}\n${relation}`;
    const one = uses.get(key) ?? { provider, relation, direct: false, sonames: new Set() };
    one.direct ||= direct;
    if (direct) one.sonames.add(soname);
    uses.set(key, one);
  };
  for (const file of files) {
    const own = new Set(file.needed.map(({ soname }) => soname));
    for (const { soname, provider } of librariesOf(file)) use(provider, "linked", own.has(soname), soname);
    for (const { archive, provider } of file.static)
      use(provider, "static", true, archive.replace(/.*\//, ""));
  }
  for (const { provider, soname } of copies) use(provider, "bundled", true, soname);
  return [...uses.keys()].sort().flatMap((key) => {
    const { provider, relation, direct, sonames } = uses.get(key) as Use;
    const owner = known.packageNamed(provider.package ?? "");
    if (!owner) return [];
    return [
      {
        name: owner.package,
        version: owner.version,
        arch: owner.arch,
        source: owner.source,
        sourceVersion: owner.sourceVersion,
        purl: purlOf({ ...owner, name: owner.package }, known.osRelease),
        direct,
        relation,
        minimumVersion: relation === "linked" ? (known.minimumVersions.get(owner.package) ?? null) : null,
        sonames: [...sonames].sort(),
      },
    ];
  });
}
