/**
 * Where a build came from: an in-toto Statement with SLSA's provenance.
 * https://in-toto.io/Statement/v1, https://slsa.dev/spec/v1.0/provenance
 *
 * What lands in the output says nothing that another build of the same would not say: no time, no
 * id of an image, no store path's hash. `voyager provenance` adds what only the host's Nix knows.
 */
import { lstatSync } from "node:fs";
import { hexOfNixHash } from "../../common/nix-hash.ts";
import { genericPurl, type InstalledPackage, purlOf } from "../../linkage/purl.ts";
import type { Attributes, Spec, System } from "../../spec/spec.ts";
import { variablesOf } from "../../spec/variables.ts";
import { storeHashRemover, storeName } from "../store-hashes.ts";
import { type Resource, sha256OfFile, type Subject, subjectsOf } from "./subjects.ts";

export const statementType = "https://in-toto.io/Statement/v1";
export const predicateType = "https://slsa.dev/provenance/v1";
/**
 * What the parameters mean; docs/scanners.md describes it. The project has no address of its own:
 * this one is of a domain that nobody can ever have (RFC 2606), so it is only a name.
 */
export const buildType = "https://nix-voyager.invalid/provenance/build/v1";
export const builderId = "https://nix-voyager.invalid/builder/helper";

export interface Statement {
  _type: typeof statementType;
  subject: Subject[];
  predicateType: typeof predicateType;
  predicate: {
    buildDefinition: {
      buildType: string;
      externalParameters: Record<string, unknown>;
      internalParameters: Record<string, unknown>;
      resolvedDependencies: Resource[];
    };
    runDetails: { builder: { id: string; version: Record<string, string> }; byproducts?: Resource[] };
  };
}

/** What a statement is made of. */
export interface ProvenanceInput {
  attributes: Attributes;
  /** What the environment held: purls are made of it. */
  environment: { osRelease: Record<string, string>; packages: InstalledPackage[] };
  helperVersion: string;
}

/** An address without a name and password. */
function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
}

/** A system as its users know it. Its proxy is left out: it may have a password, and decides nothing. */
function describeSystem(system: System): Record<string, unknown> {
  return {
    name: system.name,
    image: system.image,
    packageManager: system.packageManager,
    repositories: system.repositories.map((one) => ({
      ...one,
      uri: withoutCredentials(one.uri),
      key: one.key === null ? null : storeName(one.key),
    })),
    certificates: system.certificates.map(storeName),
    ...(system.setup === "" ? {} : { setup: system.setup }),
  };
}

/** The build as its user declared it. */
function externalParameters({ voyager: spec, outputs }: Attributes): Record<string, unknown> {
  return {
    package: spec.package,
    name: spec.name,
    kind: spec.kind,
    src: spec.src === null ? null : storeName(spec.src),
    patches: spec.patches.map(storeName),
    system: describeSystem(spec.system),
    systemPackages: [...new Set(spec.environment.layers.flat())].sort(),
    systemRunDependencies: spec.systemRunDependencies,
    systemLock: spec.environment.lock ? storeName(spec.environment.lock.file) : null,
    nixDependencies: spec.path.map(storeName),
    env: variablesOf(spec),
    buildScript: spec.buildScript,
    outputs: Object.keys(outputs),
    network: spec.network,
    linkage: spec.linkage,
  };
}

/** `transfer` as it was asked for: which way files took depends on the machine, and changes nothing. */
function internalParameters({ version, stage, transfer, limits }: Spec): Record<string, unknown> {
  return { specVersion: version, stage: storeName(stage), transfer, limits };
}

function compare(a: Resource, b: Resource): number {
  const text = ({ name = "", uri = "", digest = {} }: Resource) => `${name} ${uri} ${JSON.stringify(digest)}`;
  return text(a) < text(b) ? -1 : 1;
}

/** What Nix knows of a path; of a source that is one file also the hash that its publisher tells. */
function storeDependency(path: string, narHash: string | undefined, isSource: boolean): Resource {
  const nar = narHash === undefined ? null : hexOfNixHash(narHash);
  const isFile = isSource && lstatSync(path, { throwIfNoEntry: false })?.isFile();
  const digest = {
    ...(isFile ? { sha256: sha256OfFile(path) } : {}),
    ...(nar === null ? {} : { narSha256: nar }),
  };
  return { name: storeName(path), ...(Object.keys(digest).length > 0 ? { digest } : {}) };
}

/** Sources, patches, tools and all they refer to. */
function storeDependencies({ voyager: { src, patches }, closure }: Attributes): Resource[] {
  return closure
    .map(({ path, narHash }) => storeDependency(path, narHash, path === src || patches.includes(path)))
    .sort(compare);
}

function packageDependencies({ packages, osRelease }: ProvenanceInput["environment"]): Resource[] {
  return packages.map((one) => ({ name: one.name, uri: purlOf(one, osRelease) })).sort(compare);
}

function imageDependency({ name, image }: System): Resource {
  const digest = /@sha256:([0-9a-f]{64})$/.exec(image.reference ?? "")?.[1];
  return {
    name: image.reference ?? `base image of ${name}`,
    uri: genericPurl("base-image", image.reference ?? name),
    ...(digest ? { digest: { sha256: digest } } : {}),
  };
}

/** All store paths that the statement could speak of. */
function knownPaths({ voyager: spec, outputs, closure }: Attributes): string[] {
  const own = [...Object.values(outputs), ...spec.patches, ...spec.path, spec.stage, spec.src ?? ""];
  return [...own, ...closure.map(({ path }) => path)];
}

/** Copies data, with every string of it clean. */
function clean<T>(value: T, known: string[]): T {
  const cleaned = storeHashRemover(known);
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === "string" ? cleaned(part) : part,
  ) as T;
}

/** All of the statement but its subject: what is known before the outputs are there. Hashes the sources. */
export function makePredicate({
  attributes,
  environment,
  helperVersion,
}: ProvenanceInput): Statement["predicate"] {
  const spec = attributes.voyager;
  const resolvedDependencies = [
    imageDependency(spec.system),
    ...storeDependencies(attributes),
    ...packageDependencies(environment),
  ];
  const predicate: Statement["predicate"] = {
    buildDefinition: {
      buildType,
      externalParameters: externalParameters(attributes),
      internalParameters: internalParameters(spec),
      resolvedDependencies,
    },
    runDetails: { builder: { id: builderId, version: { "nix-voyager": helperVersion } } },
  };
  return clean(predicate, knownPaths(attributes));
}

/** Makes the statement of outputs that are complete: hashes their files. */
export function makeStatement(
  { attributes }: Pick<ProvenanceInput, "attributes">,
  predicate: Statement["predicate"],
): Statement {
  const subject = clean(subjectsOf(attributes.outputs), knownPaths(attributes));
  return { _type: statementType, subject, predicateType, predicate };
}

/**
 * The statement as JSON, for nix-support/provenance.json. Call it when the outputs will not change
 * any more but for nix-support/.
 */
export function renderProvenance(
  attributes: Pick<ProvenanceInput, "attributes">,
  predicate: Statement["predicate"],
): string {
  return `${JSON.stringify(makeStatement(attributes, predicate))}\n`;
}
