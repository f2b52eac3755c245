/**
 * The software bill of materials of a build: CycloneDX 1.6, JSON.
 *
 * What the build links to and what it holds copies of are components, which scanners look up. What
 * it was merely built from is in `formulation`, which they do not: a flaw of the compiler is none of
 * the wheel. The same report gives the same bytes: no time, and a serial number of the content.
 *
 * This module loads the CycloneDX library. Import it when it is needed, while something else runs.
 */
import { ComponentType, LifecyclePhase } from "@cyclonedx/cyclonedx-library/Enums";
import {
  Bom,
  Component,
  ComponentRepository,
  LicenseExpression,
  LicenseRepository,
  LifecycleRepository,
  Metadata,
  NamedLicense,
  SpdxLicense,
  Tools,
} from "@cyclonedx/cyclonedx-library/Models";
import { JSON as Json } from "@cyclonedx/cyclonedx-library/Serialize";
import { Spec1dot6 } from "@cyclonedx/cyclonedx-library/Spec";
import { isSupportedSpdxId } from "@cyclonedx/cyclonedx-library/SPDX";
import { fileName } from "../../linkage/file-name.ts";
import { genericPurl, type InstalledPackage } from "../../linkage/purl.ts";
import type { Report } from "../../linkage/report.ts";
import { withoutStoreHashes } from "../store-hashes.ts";
import {
  builtFromComponent,
  fileComponent,
  packageComponent,
  properties,
  systemComponent,
} from "./components.ts";
import { nameUuid } from "./name-uuid.ts";
import { Uses } from "./report-of.ts";
import { property } from "./vocabulary.ts";

/** What was built. */
export interface Subject {
  name: string;
  version: string;
  /** null: one of type generic is made of name and version. */
  purl: string | null;
  /** Kind of build, as the spec has it: "wheel", "build". */
  kind: string;
  /** SPDX identifier or expression, or any name of a license. */
  license?: string | undefined;
}

/** What the report does not say. */
export interface SbomDetails {
  helperVersion: string;
  /** What the environment held and what of it was asked for; left out inside wheels. */
  formulation?: Formulation;
  /** SHA-256 (hexadecimal) of compiled files, by their name in the report; not all need be known. */
  hashes?: Map<string, string>;
}

const normalizer = new Json.Normalize.Factory(Spec1dot6);

function licenses(license: string | undefined): LicenseRepository {
  if (!license) return new LicenseRepository();
  if (isSupportedSpdxId(license)) return new LicenseRepository([new SpdxLicense(license)]);
  const expression = /^[\w.+-]+( (OR|AND|WITH) [\w.+-]+)+$/.test(license);
  return new LicenseRepository([expression ? new LicenseExpression(license) : new NamedLicense(license)]);
}

function subjectComponent(subject: Subject, report: Report): Component {
  const purl = subject.purl ?? genericPurl(subject.name, subject.version);
  const type = subject.kind === "wheel" ? ComponentType.Library : ComponentType.Application;
  return new Component(type, subject.name, {
    bomRef: purl,
    version: subject.version,
    purl,
    licenses: licenses(subject.license),
    properties: properties([
      [property.kind, subject.kind],
      [property.verdict, report.verdict],
    ]),
  });
}

/**
 * Makes the components and who depends on whom: the build on its files, a file on the packages that
 * it links to or holds, and the system on what it supplies, also to libraries that are needed in turn.
 * Trivy takes those that the system has for its packages.
 */
function components(report: Report, root: Component, hashes: Map<string, string>): Component[] {
  const system = systemComponent(report);
  const uses = new Uses(report);
  const packages = report.packages.map((entry) => ({ entry, component: packageComponent(entry) }));
  const files = report.files.map((file) => {
    const component = fileComponent(file, hashes.get(fileName(file)));
    for (const { entry, component: dependency } of packages) {
      if (uses.of(entry, file) === "itself") component.dependencies.add(dependency.bomRef);
    }
    root.dependencies.add(component.bomRef);
    return component;
  });
  root.dependencies.add(system.bomRef);
  for (const { entry, component } of packages) {
    if (entry.relation === "linked") system.dependencies.add(component.bomRef);
  }
  return [system, ...packages.map(({ component }) => component), ...files];
}

/** An environment, as CycloneDX has it since 1.5 and the library does not. */
export type Formulation = object[];

/** Makes it. This takes longer than the rest of an SBOM, and can be done before there is a report. */
export function formulationOf(
  environment: { packages: InstalledPackage[]; requested: string[] },
  osRelease: Record<string, string>,
): Formulation {
  const requested = new Set(environment.requested);
  const made = environment.packages
    .toSorted((a, b) => (`${a.name} ${a.arch}` < `${b.name} ${b.arch}` ? -1 : 1))
    .map((one) => builtFromComponent(one, osRelease, requested.has(one.name)));
  const repository = new ComponentRepository(made);
  return [
    { "bom-ref": "environment", components: normalizer.makeForComponent().normalizeIterable(repository, {}) },
  ];
}

/**
 * Renders the SBOM as JSON in one line.
 *
 * @param report the linkage report, of the whole build or of one archive (`reportOf`)
 */
export function renderSbom(report: Report, subject: Subject, details: SbomDetails): string {
  const root = subjectComponent(subject, report);
  const tool = new Component(ComponentType.Application, "nix-voyager", { version: details.helperVersion });
  const bom = new Bom({
    metadata: new Metadata({
      component: root,
      lifecycles: new LifecycleRepository([LifecyclePhase.Build]),
      tools: new Tools({ components: new ComponentRepository([tool]) }),
    }),
    components: new ComponentRepository(components(report, root, details.hashes ?? new Map())),
  });
  // Lists are sorted already; the library would sort them as the machine's language does.
  const {
    $schema,
    bomFormat,
    specVersion,
    serialNumber: _none,
    ...rest
  } = normalizer.makeForBom().normalize(bom, {});
  const content = { ...rest, formulation: details.formulation };
  const serialNumber = `urn:uuid:${nameUuid("sbom", JSON.stringify(content))}`;
  return withoutStoreHashes(JSON.stringify({ $schema, bomFormat, specVersion, serialNumber, ...content }));
}
