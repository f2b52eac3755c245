/** Machines by the names that reports use (see linkage/elf/facts.ts), as a shell script can know them. */

interface Machine {
  /** e_machine of the ELF header. */
  number: number;
  /** What `uname -m` says where files of this machine run, for class 32 and 64. */
  uname: Partial<Record<32 | 64, string[]>>;
}

const arm32 = ["armv6l", "armv7l", "armv8l", "arm", "aarch64"];
const intel32 = ["i386", "i486", "i586", "i686", "x86_64", "amd64"];

const machines: Record<string, Machine> = {
  x86_64: { number: 62, uname: { 32: ["x86_64"], 64: ["x86_64", "amd64"] } },
  i386: { number: 3, uname: { 32: intel32 } },
  aarch64: { number: 183, uname: { 64: ["aarch64", "arm64"] } },
  arm: { number: 40, uname: { 32: arm32 } },
  mips: { number: 8, uname: { 32: ["mips", "mips64"], 64: ["mips64"] } },
  ppc: { number: 20, uname: { 32: ["ppc", "ppc64"] } },
  ppc64: { number: 21, uname: { 64: ["ppc64"] } },
  ppc64le: { number: 21, uname: { 64: ["ppc64le"] } },
  s390x: { number: 22, uname: { 64: ["s390x"] } },
  sh4: { number: 42, uname: { 32: ["sh4", "sh4a"] } },
  sparc64: { number: 43, uname: { 64: ["sparc64"] } },
  riscv64: { number: 243, uname: { 32: ["riscv32"], 64: ["riscv64"] } },
  loongarch64: { number: 258, uname: { 64: ["loongarch64"] } },
};

/** e_machine of a report's machine; null when its name is not known here. */
export function machineNumber(name: string): number | null {
  if (Object.hasOwn(machines, name)) return machines[name]?.number ?? null;
  const match = /^machine (\d{1,5})$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** Names that `uname -m` may have where files of this machine and class run. */
export function unameNames(name: string, bits: 32 | 64): string[] {
  return (Object.hasOwn(machines, name) ? machines[name]?.uname[bits] : undefined) ?? [name];
}
