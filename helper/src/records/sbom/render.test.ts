import { PackageURL } from "packageurl-js";
import { schemaErrors } from "../../../testing/cyclonedx-schema.ts";
import {
  bcryptReport,
  bigReport,
  failingReport,
  hostileReport,
  report,
  reportFile,
  reportPackage,
  systemLibrary,
} from "../../../testing/reports.ts";
import type { Report } from "../../linkage/report.ts";
import { formulationOf, renderSbom, type SbomDetails, type Subject } from "./render.ts";

interface Part {
  type: string;
  name: string;
  version?: string;
  "bom-ref": string;
  purl?: string;
  scope?: string;
  hashes?: { alg: string; content: string }[];
  licenses?: unknown[];
  properties?: { name: string; value: string }[];
}
interface Sbom {
  serialNumber: string;
  metadata: { component: Part; timestamp?: string };
  components: Part[];
  dependencies: { ref: string; dependsOn?: string[] }[];
  formulation?: { components: Part[] }[];
}

const subject: Subject = { name: "bcrypt", version: "3.2.2", purl: "pkg:pypi/bcrypt@3.2.2", kind: "wheel" };
const details: SbomDetails = { helperVersion: "0.1.0" };
const sbomOf = (from: Report, more: Partial<SbomDetails> = {}, what = subject) =>
  JSON.parse(renderSbom(from, what, { ...details, ...more })) as Sbom;
const named = (sbom: Sbom, name: string) => sbom.components.find((one) => one.name === name) as Part;
const values = (part: Part, name: string) =>
  (part.properties ?? []).filter((one) => one.name === name).map(({ value }) => value);
const dependsOn = (sbom: Sbom, ref: string) =>
  sbom.dependencies.find((one) => one.ref === ref)?.dependsOn ?? [];

const formulation = formulationOf(
  {
    packages: [
      { name: "gcc-12", version: "12.2.0-14", arch: "amd64" },
      { name: "libffi-dev", version: "3.4.4-1", arch: "amd64" },
      { name: "adduser", version: "3.134", arch: "all" },
    ],
    requested: ["libffi-dev"],
  },
  bcryptReport.system.osRelease,
);

test.each<[string, Report, Partial<SbomDetails>]>([
  ["a wheel", bcryptReport, {}],
  ["with its environment", bcryptReport, { formulation }],
  ["one that breaks all rules", failingReport, { formulation }],
  ["many files", bigReport(300), {}],
  ["hostile names", hostileReport, { formulation }],
  ["nothing compiled", report([], []), {}],
])("valid by the official schema: %s", (_, from, more) => {
  expect(schemaErrors(sbomOf(from, more))).toEqual([]);
});

test("the schema is one that can fail", () => {
  expect(schemaErrors({ ...sbomOf(bcryptReport), serialNumber: "7" })).toHaveLength(1);
  expect(schemaErrors({ ...sbomOf(bcryptReport), components: [{ type: "so", name: "x" }] })).not.toEqual([]);
});

test("every reference is to something, and means one thing", () => {
  const sbom = sbomOf(failingReport, { formulation });
  const parts = [sbom.metadata.component, ...sbom.components, ...(sbom.formulation?.[0]?.components ?? [])];
  const refs = parts.map((part) => part["bom-ref"]);
  expect(new Set(refs).size).toBe(refs.length);
  for (const { ref, dependsOn: to = [] } of sbom.dependencies) {
    for (const one of [ref, ...to]) expect(refs).toContain(one);
  }
});

test("what it links to is required, by a purl and by Trivy's fields", () => {
  const sbom = sbomOf(bcryptReport);
  const libffi = named(sbom, "libffi8");
  expect(libffi).toMatchObject({ type: "library", version: "3.4.4-1", scope: "required" });
  expect(PackageURL.fromString(libffi.purl ?? "").name).toBe("libffi8");
  expect(values(libffi, "nix-voyager:relation")).toEqual(["linked"]);
  expect(values(libffi, "nix-voyager:direct")).toEqual(["true"]);
  expect(values(libffi, "nix-voyager:minimumVersion")).toEqual(["3.4"]);
  expect(values(libffi, "nix-voyager:soname")).toEqual(["libffi.so.8"]);
  const gcc = named(sbom, "libgcc-s1");
  expect(values(gcc, "nix-voyager:direct")).toEqual(["false"]);
  expect(values(gcc, "aquasecurity:trivy:SrcName")).toEqual(["gcc-12"]);
  expect(values(gcc, "aquasecurity:trivy:SrcVersion")).toEqual(["12.2.0"]);
  expect(values(gcc, "aquasecurity:trivy:SrcRelease")).toEqual(["14+deb12u1"]);
});

test("who depends on whom", () => {
  const sbom = sbomOf(bcryptReport);
  const file = "file:bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl!/bcrypt/_bcrypt.abi3.so";
  const [libc = "", libffi = "", libgcc = ""] = ["libc6", "libffi8", "libgcc-s1"].map(
    (name) => named(sbom, name)["bom-ref"],
  );
  expect(dependsOn(sbom, "pkg:pypi/bcrypt@3.2.2").sort()).toEqual([file, "system"]);
  expect(dependsOn(sbom, file)).toEqual([libc, libffi]);
  expect(dependsOn(sbom, "system")).toEqual([libc, libffi, libgcc]);
});

test("the system is one that Trivy and Syft know", () => {
  expect(named(sbomOf(bcryptReport), "debian")).toMatchObject({ type: "operating-system", version: "12" });
  const osRelease = { ID: "rhel", VERSION_ID: "9.4" };
  const rhel = { ...bcryptReport, system: { ...bcryptReport.system, osRelease } };
  expect(values(named(sbomOf(rhel), "redhat"), "syft:distro:id")).toEqual(["rhel"]);
});

test("copies are told apart, and are not what the system supplies", () => {
  const sbom = sbomOf(failingReport);
  const zlib = named(sbom, "zlib1g");
  const lzma = named(sbom, "liblzma-dev");
  expect(values(zlib, "nix-voyager:relation")).toEqual(["bundled"]);
  expect(values(lzma, "nix-voyager:relation")).toEqual(["static"]);
  expect(dependsOn(sbom, "file:lib/app.libs/libz-8c6f.so.1.2.13")).toContain(zlib["bom-ref"]);
  expect(dependsOn(sbom, "file:lib/app/pack.so")).toContain(lzma["bom-ref"]);
  expect(dependsOn(sbom, "system")).not.toContain(zlib["bom-ref"]);
  expect(values(named(sbom, "lib/app/pack.so"), "nix-voyager:static")).toHaveLength(2);
});

test("one package, linked to and copied", () => {
  const both = report(
    [
      reportFile("a.so", [systemLibrary("zlib1g")]),
      reportFile("b.so", [], {
        static: [{ archive: "/usr/lib/libz.a", provider: systemLibrary("zlib1g").provider }],
      }),
    ],
    [reportPackage("zlib1g"), reportPackage("zlib1g", { relation: "static" })],
  );
  const sbom = sbomOf(both);
  expect(schemaErrors(sbom)).toEqual([]);
  expect(dependsOn(sbom, "file:a.so")[0]).not.toBe(dependsOn(sbom, "file:b.so")[0]);
});

test("what it was built from is no component, which scanners would look up", () => {
  const sbom = sbomOf(bcryptReport, { formulation });
  expect(named(sbom, "gcc-12")).toBeUndefined();
  const built = sbom.formulation?.[0]?.components ?? [];
  expect(built.map(({ name, scope }) => [name, scope])).toEqual([
    ["adduser", "excluded"],
    ["gcc-12", "excluded"],
    ["libffi-dev", "excluded"],
  ]);
  expect(values(built[2] as Part, "nix-voyager:requested")).toEqual(["true"]);
});

test("hashes of files, and what they need", () => {
  const path = bcryptReport.files[0]?.path ?? "";
  const file = named(sbomOf(bcryptReport, { hashes: new Map([[path, "ab".repeat(32)]]) }), path);
  expect(file.hashes).toEqual([{ alg: "SHA-256", content: "ab".repeat(32) }]);
  expect(values(file, "nix-voyager:needs")).toContain(
    "libc.so.6 GLIBC_2.2.5 GLIBC_2.4 GLIBC_2.14 GLIBC_2.34",
  );
});

test("the same twice, another for other content, and no time", () => {
  const first = renderSbom(bcryptReport, subject, details);
  expect(renderSbom(structuredClone(bcryptReport), subject, details)).toBe(first);
  expect((JSON.parse(first) as Sbom).metadata.timestamp).toBeUndefined();
  const other = sbomOf(bcryptReport, {}, { ...subject, version: "3.2.3" });
  expect(other.serialNumber).not.toBe((JSON.parse(first) as Sbom).serialNumber);
  expect(other.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test("no hash of a store path", () => {
  const text = renderSbom(failingReport, subject, details);
  expect(text).toContain("/nix/store/foo-1.0/lib");
  expect(text).not.toContain("0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd");
});

test.each([
  ["Apache-2.0", { license: { id: "Apache-2.0" } }],
  ["MIT OR Apache-2.0", { expression: "MIT OR Apache-2.0" }],
  ["Our own", { license: { name: "Our own" } }],
])("license %s", (license, expected) => {
  const sbom = sbomOf(bcryptReport, {}, { ...subject, license });
  expect(sbom.metadata.component.licenses).toMatchObject([expected]);
  expect(schemaErrors(sbom)).toEqual([]);
});

test("what no registry knows has a generic purl", () => {
  const made = sbomOf(bcryptReport, {}, { name: "our tool", version: "1", purl: null, kind: "build" });
  expect(made.metadata.component).toMatchObject({ type: "application", purl: "pkg:generic/our%20tool@1" });
});
