/**
 * Where loaders are. Sources: the ABI supplements of each machine, glibc's shlib-versions and
 * sysdeps (ldconfig's known interpreters), musl's INSTALL.
 */
import type { ElfFacts } from "../elf/facts.ts";

export interface Loader {
  path: string;
  libc: "glibc" | "musl";
}

/** By class and machine as the ELF header has them; some machines have several ABIs. */
const paths: Record<string, string[]> = {
  "64 x86_64": ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"],
  "32 x86_64": ["/libx32/ld-linux-x32.so.2", "/lib/ld-musl-x32.so.1"],
  "32 i386": ["/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"],
  "64 aarch64": ["/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"],
  "32 arm": [
    "/lib/ld-linux-armhf.so.3",
    "/lib/ld-linux.so.3",
    "/lib/ld-musl-armhf.so.1",
    "/lib/ld-musl-arm.so.1",
  ],
  "64 riscv64": ["/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1"],
  "64 ppc64le": ["/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1"],
  "64 ppc64": ["/lib64/ld64.so.1", "/lib/ld-musl-powerpc64.so.1"],
  "64 s390x": ["/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1"],
  "64 loongarch64": ["/lib64/ld-linux-loongarch-lp64d.so.1", "/lib/ld-musl-loongarch64.so.1"],
};

/**
 * Loaders that may load a file, the likeliest first; none for a machine that is not known here. The
 * one that the file itself names comes first, if it is one of them: no build may bring its own.
 */
export function loadersFor(facts: Pick<ElfFacts, "class" | "machine" | "interpreter">): Loader[] {
  const known = paths[`${facts.class} ${facts.machine}`] ?? [];
  const ordered = known.filter((path) => path === facts.interpreter);
  ordered.push(...known.filter((path) => path !== facts.interpreter));
  return ordered.map((path) => ({ path, libc: path.includes("/ld-musl-") ? "musl" : "glibc" }));
}
