/** A made-up system lock, complete and valid, for tests to change one thing in. */
import type { LockedPackage, SystemLock } from "../src/environment/lock/lock-file.ts";

export function makeLocked(change: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name: "gcc",
    version: "12",
    arch: "amd64",
    source: "gcc-defaults",
    sourceVersion: "1.203",
    repository: "Debian:bookworm/main",
    file: "pool/main/g/gcc-defaults/gcc_12_amd64.deb",
    size: 5,
    sha256: "a".repeat(64),
    ...change,
  };
}

export function makeLock(packages = [makeLocked()], requested = ["gcc"]): SystemLock {
  return {
    schema: "voyager-system-lock/1",
    system: "debian12",
    osRelease: { ID: "debian", VERSION_ID: "12", VERSION_CODENAME: "bookworm" },
    image: { reference: "debian:12", bootstrap: { suite: "bookworm", components: ["main"] } },
    repositories: {},
    architecture: "amd64",
    requested,
    packages,
  };
}
