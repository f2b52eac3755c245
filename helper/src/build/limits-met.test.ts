import fs from "node:fs";
import { asVoyagerError, type VoyagerError } from "../common/errors.ts";
import { disksOf, limitMet, withFullDisks } from "./limits-met.ts";

const disks = disksOf("/build", { out: "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello" });
afterEach(() => jest.restoreAllMocks());

/** Plays disks with so much free. */
function free(bytes: Record<string, number>, files = 1e6): void {
  jest.spyOn(fs, "statfsSync").mockImplementation(((folder: string) => ({
    bavail: (bytes[folder] ?? 1e12) / 4096,
    bsize: 4096,
    files: 1e6,
    ffree: files,
  })) as unknown as typeof fs.statfsSync);
}

const noSpace = ["cp: error writing 'x': No space left on device"];

test.each([
  ["/build", "the disk of the build folder, /build", "TMPDIR"],
  ["/nix/store", "the disk of the store, /nix/store", "nix-collect-garbage"],
])("the disk that is full is named: %s", (folder, name, remedy) => {
  free({ [folder]: 4096 });
  const met = limitMet(noSpace, 100, disks);
  expect(met?.why).toBe(`a disk is full: ${name}`);
  expect(met?.remedy).toContain(remedy);
});

test("one that has no room for more files is full", () => {
  free({}, 0);
  expect(limitMet(noSpace, 100, disks)?.why).toContain("a disk is full: the disk of the store");
});

test("where none of ours is full, it is the engine's", () => {
  free({});
  const met = limitMet(noSpace, 100, disks);
  expect(met?.why).toContain("the engine's, which has the container's own folders (/tmp, /var …)");
  expect(met?.remedy).toContain("voyager environment prune");
});

test.each([
  "stage.sh: fork: retry: Resource temporarily unavailable",
  "sh: 1: Cannot fork: Resource temporarily unavailable",
  "pthread_create: Resource temporarily unavailable",
  "BlockingIOError: [Errno 11] Resource temporarily unavailable: could not start a new thread",
])("the limit of processes: %s", (line) => {
  expect(limitMet(["before", line], 4096, disks)?.why).toContain("limits.pids allows 4096");
});

test.each(["read: Resource temporarily unavailable", "fork in the road"])("no limit: %s", (line) => {
  expect(limitMet([line], 4096, disks)).toBeNull();
});

test("our own write to a full disk", () => {
  free({ "/nix/store": 0 });
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  for (const met of [error, asVoyagerError(error)]) {
    const told = withFullDisks(met, disks) as VoyagerError;
    expect(told).toMatchObject({ kind: "transfer", what: "a disk is full" });
    expect(told.details.why).toContain("the disk of the store, /nix/store");
  }
  const other = new Error("another");
  expect(withFullDisks(other, disks)).toBe(other);
});
