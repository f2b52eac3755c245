/** Versions of system packages, whatever the system's package format. */
import { compareDebianVersions } from "./debian-version.ts";
import { VoyagerError } from "./errors.ts";
import { compareRpmVersions } from "./rpm-version.ts";

export type PackageFormat = "deb" | "rpm";

const families: Record<string, PackageFormat> = {
  debian: "deb",
  ubuntu: "deb",
  rhel: "rpm",
  fedora: "rpm",
  centos: "rpm",
  rocky: "rpm",
  almalinux: "rpm",
  ol: "rpm",
  amzn: "rpm",
  suse: "rpm",
  opensuse: "rpm",
  sles: "rpm",
  photon: "rpm",
};

/**
 * The package format of a system by its os-release (os-release(5)): its ID, or the first of the
 * IDs in ID_LIKE that is known. Null when none of them is.
 */
export function packageFormat(osRelease: Record<string, string>): PackageFormat | null {
  const ids = [osRelease.ID ?? "", ...(osRelease.ID_LIKE ?? "").split(/\s+/)];
  const known = ids.find((id) => Object.hasOwn(families, id));
  return known === undefined ? null : (families[known] ?? null);
}

/**
 * How versions of this system's packages compare; fit for `sort`. Throws for a system that we know
 * no package format of: a guess would call a vulnerable version patched.
 */
export function versionComparison(osRelease: Record<string, string>): (a: string, b: string) => number {
  const format = packageFormat(osRelease);
  if (format === null) {
    throw new VoyagerError(
      "usage",
      `versions of '${osRelease.ID ?? "a nameless system"}' cannot be compared`,
      {
        why: "its os-release names no family (ID, ID_LIKE) whose package format is known",
        remedy: `known are: ${Object.keys(families).join(", ")}`,
      },
    );
  }
  return format === "deb" ? compareDebianVersions : compareRpmVersions;
}
