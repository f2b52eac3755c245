/** What an administrator types, by the family that the system belongs to. */
import type { Report } from "../linkage/report.ts";

/** Commands of a package manager. */
export interface Family {
  /** As it stands in a sentence: "`apt upgrade` patches it." */
  upgrade: string;
  /** Upgrades the whole system, as root. */
  upgradeAll: string;
  /** Upgrades these packages and no others, as root. */
  upgradeOnly: (packages: string[]) => string;
  /** Tells which versions are installed. */
  ask: (packages: string[]) => string;
}

/** A word of a shell's command. Names of packages are plain in every real system. */
const word = (text: string) =>
  /^[A-Za-z0-9.+_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
const words = (texts: string[]) => texts.map(word).join(" ");

const apt: Family = {
  upgrade: "apt upgrade",
  upgradeAll: "apt update && apt upgrade",
  upgradeOnly: (packages) => `apt update && apt install --only-upgrade ${words(packages)}`,
  ask: (packages) => `dpkg-query --show ${words(packages)}`,
};
const dnf: Family = {
  upgrade: "dnf upgrade",
  upgradeAll: "dnf upgrade --refresh",
  upgradeOnly: (packages) => `dnf upgrade --refresh ${words(packages)}`,
  ask: (packages) => `rpm --query ${words(packages)}`,
};
const families: Record<string, Family> = {
  debian: apt,
  ubuntu: apt,
  rhel: dnf,
  fedora: dnf,
  centos: dnf,
};

/** The family of the system, by ID and ID_LIKE of its os-release(5); null if it is none of ours. */
export function familyOf({ osRelease }: Report["system"]): Family | null {
  const ids = [osRelease.ID ?? "", ...(osRelease.ID_LIKE ?? "").split(" ")];
  const known = ids.find((id) => Object.hasOwn(families, id));
  return known === undefined ? null : (families[known] ?? null);
}
