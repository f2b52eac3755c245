/** How two sets of packages differ, in words. */
import type { AvailablePackage } from "./lock-commands.ts";
import { type FetchablePackage, fullName, type LockedPackage } from "./lock-file.ts";

/** Lines that a message shows before it only counts. */
const shown = 10;

interface Named {
  name: string;
  version: string;
  arch: string;
}

/** The first lines, and how many more there are. */
export function listed(lines: string[]): string {
  const more = lines.length - shown;
  return [...lines.slice(0, shown), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** What is other in `is` than in `wanted`, one line a package: "libc6:amd64 is 2.35, not 2.36". */
export function differences(is: Named[], wanted: Named[]): string[] {
  const versions = new Map(is.map((one) => [fullName(one), one.version]));
  const known = new Set(wanted.map(fullName));
  const lines: string[] = [];
  for (const one of wanted) {
    const version = versions.get(fullName(one));
    if (version === undefined) lines.push(`${fullName(one)} ${one.version} is missing`);
    else if (version !== one.version) lines.push(`${fullName(one)} is ${version}, not ${one.version}`);
  }
  for (const one of is)
    if (!known.has(fullName(one))) lines.push(`${fullName(one)} ${one.version} is too many`);
  return lines;
}

/** What a repository does not have as the lock wants it. */
export interface Unavailable {
  /** Packages whose version is gone, one line each, with the versions that are there now. */
  gone: string[];
  /** Packages whose file is another under the same version. */
  changed: string[];
}

/** Compares packages of a lock with what the repositories have now. */
export function compareAvailable(wanted: FetchablePackage[], available: AvailablePackage[]): Unavailable {
  const byName = new Map<string, AvailablePackage[]>();
  for (const one of available) byName.set(fullName(one), [...(byName.get(fullName(one)) ?? []), one]);
  const gone: string[] = [];
  const changed: string[] = [];
  for (const one of wanted) {
    const versions = byName.get(fullName(one)) ?? [];
    const same = versions.filter(({ version }) => version === one.version);
    if (same.length === 0) {
      const has = [...new Set(versions.map(({ version }) => version))].join(", ") || "no version of it";
      gone.push(`the mirror no longer has ${one.name} ${one.version}; it has ${has}`);
    } else if (!same.some(({ sha256 }) => sha256 === one.sha256)) {
      changed.push(
        `${one.name} ${one.version} has the hash ${same[0]?.sha256} there, the lock has ${one.sha256}`,
      );
    }
  }
  return { gone, changed };
}

/** What changed from one lock to another, one row a package: name, was, is. */
export function changes(before: LockedPackage[], after: LockedPackage[]): string[][] {
  const was = new Map(before.map((one) => [fullName(one), one.version]));
  const is = new Map(after.map((one) => [fullName(one), one.version]));
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort()
    .filter((name) => was.get(name) !== is.get(name))
    .map((name) => [name, was.get(name) ?? "-", is.get(name) ?? "-"]);
}
