/** CycloneDX components of what a build consists of and links to. */
import { Component, HashDictionary, Property, PropertyRepository } from "@cyclonedx/cyclonedx-library/Models";
import { ComponentScope, ComponentType, HashAlgorithm } from "@cyclonedx/cyclonedx-library/Enums";
import { fileName } from "../../linkage/file-name.ts";
import { type InstalledPackage, purlOf } from "../../linkage/purl.ts";
import type { Report, ReportFile, ReportPackage } from "../../linkage/report.ts";
import { withoutStoreHashes } from "../store-hashes.ts";
import { property, trivyFamily, trivySource } from "./vocabulary.ts";

type NamedValue = [name: string, value: string | null | undefined];

/** Properties that have a value, in order of name and value. */
export function properties(values: NamedValue[]): PropertyRepository {
  const known = values.filter((value): value is [string, string] => Boolean(value[1]));
  const ordered = known.sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1));
  return new PropertyRepository(
    ordered.map(([name, value]) => new Property(name, withoutStoreHashes(value))),
  );
}

/** The operating system. Trivy ignores its packages without one; Syft takes the name for its ID. */
export function systemComponent({ system }: Report): Component {
  const { ID = "linux", VERSION_ID, PRETTY_NAME } = system.osRelease;
  return new Component(ComponentType.OperatingSystem, trivyFamily(ID), {
    bomRef: "system",
    version: VERSION_ID,
    description: PRETTY_NAME,
    properties: properties([
      [property.system, system.name],
      [property.image, system.image],
      ["syft:distro:id", ID],
      ["syft:distro:versionID", VERSION_ID],
      ["syft:distro:prettyName", PRETTY_NAME],
    ]),
  });
}

/** A package of the system that the build links to, or of which it holds a copy. */
export function packageComponent(entry: ReportPackage): Component {
  return new Component(ComponentType.Library, entry.name, {
    // The same package may be linked to by one file and copied into another.
    bomRef: entry.relation === "linked" ? entry.purl : `${entry.relation}:${entry.purl}`,
    version: entry.version,
    purl: entry.purl,
    scope: ComponentScope.Required,
    properties: properties([
      [property.relation, entry.relation],
      [property.direct, String(entry.direct)],
      [property.minimumVersion, entry.minimumVersion],
      ...entry.sonames.map((soname): NamedValue => [property.soname, soname]),
      ...trivySource(entry.source, entry.sourceVersion),
    ]),
  });
}

function dlopenText({ sonames, priority, feature }: ReportFile["dlopen"][number]): string {
  const notes = [priority, feature].filter((note) => note !== null);
  return sonames.join(" or ") + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
}

/** A compiled file, with what it asks of the loader. @param sha256 hexadecimal digits, if known */
export function fileComponent(file: ReportFile, sha256: string | undefined): Component {
  return new Component(ComponentType.File, fileName(file), {
    bomRef: `file:${fileName(file)}`,
    hashes: new HashDictionary(sha256 ? [[HashAlgorithm["SHA-256"], sha256]] : []),
    properties: properties([
      [property.output, file.output],
      [property.machine, file.machine],
      [property.buildId, file.buildId],
      [property.soname, file.soname],
      ...file.runpath.map((folder): NamedValue => [property.runpath, folder]),
      ...file.needed.map(
        ({ soname, symbolVersions }): NamedValue => [property.needs, [soname, ...symbolVersions].join(" ")],
      ),
      ...file.dlopen.map((one): NamedValue => [property.dlopen, dlopenText(one)]),
      ...file.static.map(({ archive }): NamedValue => [property.static, archive]),
    ]),
  });
}

/** A package that was there when it was built: a compiler, headers. Nothing of it need be inside. */
export function builtFromComponent(
  installed: InstalledPackage,
  osRelease: Record<string, string>,
  requested: boolean,
): Component {
  const purl = purlOf(installed, osRelease);
  return new Component(ComponentType.Library, installed.name, {
    bomRef: `built-from:${purl}`,
    version: installed.version,
    purl,
    scope: ComponentScope.Excluded,
    properties: properties([
      [property.relation, "built-from"],
      [property.requested, requested ? "true" : null],
    ]),
  });
}
