/** The architecture of a system: as its packages are marked, and as ELF files are. */
import type { SystemPackage } from "./resolve/system-libraries.ts";

/** Machines, by names that package managers have for them where these differ. */
const machines: Record<string, string> = {
  amd64: "x86_64",
  arm64: "aarch64",
  armel: "arm",
  armhf: "arm",
  armv7hl: "arm",
  i586: "i386",
  i686: "i386",
  loong64: "loongarch64",
  ppc64el: "ppc64le",
};

export interface Architecture {
  /** As the package manager says: "amd64". */
  arch: string;
  /** As reports name it: "x86_64". */
  machine: string;
}

/** That of the essential packages; a system may have some packages of others (multiarch). */
export function architectureOf(packages: SystemPackage[]): Architecture {
  const counts = new Map<string, number>();
  const essential = packages.filter((one) => one.essential);
  for (const { arch } of essential.length > 0 ? essential : packages) {
    if (arch !== "all" && arch !== "noarch") counts.set(arch, (counts.get(arch) ?? 0) + 1);
  }
  const arch = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "unknown";
  return { arch, machine: machines[arch] ?? arch };
}
