/** Which packages of a delivery's environment have newer versions by now. */
import { versionComparison } from "../common/package-version.ts";
import type { Report } from "../linkage/report.ts";
import type { DeliveryEnvironment } from "./delivery.ts";

/** A package that was there when the delivery was built. */
export interface MovedPackage {
  name: string;
  arch: string;
  builtWith: string;
  /** What the repositories have now; null: they have it no more. */
  now: string | null;
  /** How the delivery holds it; null: it was only there while it was built. */
  relation: "linked" | "static" | "bundled" | null;
  /** Whether a file of the delivery itself asks for it. */
  direct: boolean;
}

export interface Moved {
  /** What matters most first: copies, what it links to, then the rest by name. */
  newer: MovedPackage[];
  /** In the same order. */
  gone: MovedPackage[];
}

/**
 * Whether that makes the delivery stale. What was only there while it was built may vanish; of what it
 * links to, no fix can come any more.
 */
export function isStale({ newer, gone }: Moved): boolean {
  return newer.length > 0 || gone.some(({ relation }) => relation !== null);
}

/** How the package manager of the environment is asked for a package: "libc6", or "libc6:i386". */
export function askedName(one: { name: string; arch: string }, native: string): string {
  return one.arch === "all" || one.arch === native ? one.name : `${one.name}:${one.arch}`;
}

/** The architecture of the environment: that of most of its packages. */
export function nativeArchitecture({ packages }: DeliveryEnvironment): string {
  const counts = new Map<string, number>();
  for (const { arch } of packages) if (arch !== "all") counts.set(arch, (counts.get(arch) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "all";
}

/** Compares an environment with the versions that its repositories have now. */
export function movedPackages(
  environment: DeliveryEnvironment,
  report: Report | null,
  candidates: Map<string, string>,
): Moved {
  const compare = versionComparison(environment.osRelease);
  const native = nativeArchitecture(environment);
  const held = new Map(report?.packages.map((one) => [one.name, one]));
  const moved: Moved = { newer: [], gone: [] };
  for (const one of environment.packages) {
    const now = candidates.get(askedName(one, native)) ?? null;
    if (now !== null && compare(now, one.version) <= 0) continue;
    const { relation = null, direct = false } = held.get(one.name) ?? {};
    const { name, arch, version: builtWith } = one;
    (now === null ? moved.gone : moved.newer).push({ name, arch, builtWith, now, relation, direct });
  }
  for (const packages of [moved.newer, moved.gone])
    packages.sort((a, b) => weight(a) - weight(b) || (a.name < b.name ? -1 : 1));
  return moved;
}

function weight({ relation, direct }: MovedPackage): number {
  if (relation === null) return 3;
  if (relation !== "linked") return 0;
  return direct ? 1 : 2;
}
