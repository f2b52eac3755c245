import { report, reportPackage } from "../../testing/reports.ts";
import { isStale, movedPackages, nativeArchitecture } from "./stale.ts";

const environment = {
  schema: "voyager-environment/1" as const,
  system: "debian12",
  osRelease: { ID: "debian", VERSION_ID: "12" },
  packages: [
    { name: "gcc", version: "4:12.2.0-3", arch: "amd64" },
    { name: "gone", version: "1", arch: "all" },
    { name: "libc6", version: "2.36-9+deb12u9", arch: "amd64" },
    { name: "libc6", version: "2.36-9+deb12u9", arch: "i386" },
    { name: "libssl3", version: "3.0.9-1", arch: "amd64" },
    { name: "libssl-dev", version: "3.0.9-1", arch: "amd64" },
    { name: "zlib1g", version: "1:1.2.13.dfsg-1", arch: "amd64" },
  ],
};

test("what moved, what matters most first, by Debian's order of versions", () => {
  const of = report(
    [],
    [
      reportPackage("libc6", { direct: false }),
      reportPackage("libssl3"),
      reportPackage("libssl-dev", { relation: "static" }),
    ],
  );
  const candidates = new Map([
    ["gcc", "4:12.10.0-1"],
    ["libc6", "2.36-9+deb12u10"],
    ["libc6:i386", "2.36-9+deb12u9"],
    ["libssl3", "3.0.17-1~deb12u2"],
    ["libssl-dev", "3.0.17-1~deb12u2"],
    ["zlib1g", "1:1.2.13.dfsg-1~1"],
  ]);
  const { newer, gone } = movedPackages(environment, of, candidates);
  expect(newer.map(({ name, arch, relation }) => `${name}:${arch} ${relation}`)).toEqual([
    "libssl-dev:amd64 static",
    "libssl3:amd64 linked",
    "libc6:amd64 linked",
    "gcc:amd64 null",
  ]);
  expect(newer[1]).toMatchObject({ builtWith: "3.0.9-1", now: "3.0.17-1~deb12u2", direct: true });
  expect(gone.map(({ name }) => name)).toEqual(["gone"]);
});

test("what it links to and no repository has any more makes it stale; the rest may vanish", () => {
  const now = new Map(environment.packages.map(({ name, version }) => [name, version]));
  for (const name of ["libc6:i386", "gone"]) now.set(name, "1");
  const of = report([], [reportPackage("libssl3")]);
  const without = (name: string) =>
    movedPackages(environment, of, new Map([...now].filter(([one]) => one !== name)));
  expect(isStale(movedPackages(environment, of, now))).toBe(false);
  expect([without("gcc").gone.map(({ name }) => name), isStale(without("gcc"))]).toEqual([["gcc"], false]);
  expect(without("libssl3")).toMatchObject({ newer: [], gone: [{ name: "libssl3", relation: "linked" }] });
  expect(isStale(without("libssl3"))).toBe(true);
});

test("the architecture of an environment", () => {
  expect(nativeArchitecture(environment)).toBe("amd64");
  expect(nativeArchitecture({ ...environment, packages: [] })).toBe("all");
});
