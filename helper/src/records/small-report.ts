/** A report of one file that links to one library: the least that every part of a record has to tell something of. */
import type { Provider, Report } from "../linkage/report.ts";
import { reportSchemaName } from "../linkage/report.ts";

/** Makes it. */
export function smallReport(): Report {
  const provider: Provider = { kind: "system", package: "p", version: "1", source: "p" };
  const library = { soname: "l.so.1", path: "/usr/lib/l.so.1", provider };
  return {
    schema: reportSchemaName,
    verdict: "pass",
    problems: [],
    allowed: [],
    system: { name: "system", osRelease: { ID: "debian", VERSION_ID: "12" }, image: "image", arch: "amd64" },
    files: [
      {
        output: "out",
        path: "lib/f.so",
        type: "library",
        class: 64,
        machine: "x86_64",
        dynamic: true,
        buildId: null,
        interpreter: null,
        soname: null,
        runpath: [],
        needed: [{ ...library, symbolVersions: ["L_1"] }],
        dlopen: [],
        static: [],
        closure: [library],
      },
    ],
    packages: [
      {
        name: "p",
        version: "1",
        arch: "amd64",
        source: "p",
        sourceVersion: "1",
        purl: "pkg:deb/debian/p@1?arch=amd64",
        direct: true,
        relation: "linked",
        minimumVersion: "1",
        sonames: ["l.so.1"],
      },
    ],
  };
}
