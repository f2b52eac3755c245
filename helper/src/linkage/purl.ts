/**
 * Package URLs as scanners read them: https://github.com/package-url/purl-spec, types deb, rpm, pypi
 * and generic. The qualifiers are those that Syft and Grype write and read: `distro` decides which
 * tracker is asked, and `upstream` which source package, because trackers name sources.
 */
import { PackageURL } from "packageurl-js";
import { packageFormat } from "../common/package-version.ts";

/** What is installed, as the package manager says. */
export interface InstalledPackage {
  name: string;
  /** With the epoch, if there is one: "1:3.0.7-18.el9". */
  version: string;
  arch: string;
  /** Source package; without one it is taken to have the name and version of the package. */
  source?: string | undefined;
  sourceVersion?: string | undefined;
}

/** ID-VERSION: "debian-12", "ubuntu-24.04"; a distribution without numbers has names ("debian-sid"). */
function distroOf(osRelease: Record<string, string>): string | undefined {
  const version = osRelease.VERSION_ID || osRelease.VERSION_CODENAME;
  return osRelease.ID && version ? `${osRelease.ID}-${version}` : osRelease.ID || undefined;
}

/**
 * The library leaves "+" of a version as it is, and encodes "~" of a qualifier. The specification
 * wants both the other way round, and policy engines compare purls as text.
 */
function canonical(purl: PackageURL): string {
  const [path = "", ...qualifiers] = purl.toString().split("?");
  const encoded = path.replaceAll("+", "%2B");
  return qualifiers.length > 0 ? `${encoded}?${qualifiers.join("?").replaceAll("%7E", "~")}` : encoded;
}

/** Qualifiers in order, without those that are not known. */
function known(qualifiers: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(qualifiers).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return Object.fromEntries(entries);
}

/** "openssl", or "openssl@1:3.0.1" where the version is not the package's own; none if both are equal. */
function debianUpstream({ name, version, source = name, sourceVersion = version }: InstalledPackage) {
  if (sourceVersion !== version) return `${source}@${sourceVersion}`;
  return source === name ? undefined : source;
}

function debianPurl(installed: InstalledPackage, osRelease: Record<string, string>): string {
  const qualifiers = known({
    arch: installed.arch,
    distro: distroOf(osRelease),
    upstream: debianUpstream(installed),
  });
  const { name, version } = installed;
  return canonical(new PackageURL("deb", osRelease.ID || "debian", name, version, qualifiers));
}

/** Epoch and the rest of a version. */
function splitEpoch(version: string): [string | undefined, string] {
  const match = /^(\d+):(.*)$/.exec(version);
  return match ? [match[1], match[2] ?? ""] : [undefined, version];
}

function rpmPurl(installed: InstalledPackage, osRelease: Record<string, string>): string {
  const [epoch, version] = splitEpoch(installed.version);
  const [, sourceVersion] = splitEpoch(installed.sourceVersion ?? installed.version);
  const upstream = installed.source && `${installed.source}-${sourceVersion}.src.rpm`;
  const qualifiers = known({ arch: installed.arch, distro: distroOf(osRelease), epoch, upstream });
  return canonical(new PackageURL("rpm", osRelease.ID, installed.name, version, qualifiers));
}

/**
 * The purl of a system package.
 *
 * @param osRelease of the system that it is installed in, as os-release(5) names its fields
 */
export function purlOf(installed: InstalledPackage, osRelease: Record<string, string>): string {
  return packageFormat(osRelease) === "rpm"
    ? rpmPurl(installed, osRelease)
    : debianPurl(installed, osRelease);
}

/** The purl of a Python package. */
export function pypiPurl(name: string, version: string): string {
  return canonical(new PackageURL("pypi", undefined, name, version));
}

/** The purl of something that no registry knows. */
export function genericPurl(name: string, version: string): string {
  return canonical(new PackageURL("generic", undefined, name, version));
}
