/**
 * The linkage report: what every ELF file of a build links against, where the environment's own
 * loader finds it, and which system package owns that. It is written to
 * `$out/nix-support/linkage.json`, and everything that people and scanners read is made of it.
 *
 * This schema is its type, its validator and, as docs/linkage.schema.json (generated), its
 * documentation. Within `voyager-linkage/1` fields are only added.
 */
import * as v from "valibot";
import { type Rule, ruleNames, rules } from "../spec/rules.ts";

export { type Rule, rules };

export const reportSchemaName = "voyager-linkage/1";

const rule = v.picklist(ruleNames);

/** What provides a library. Package, version and source package are null where no package owns it. */
const provider = v.object({
  /** "system": a file of the system; "output": a file of this build; "nix": another store path. */
  kind: v.picklist(["system", "output", "nix", "unresolved"]),
  package: v.nullable(v.string()),
  version: v.nullable(v.string()),
  /** Source package that the binary package was built from, as security trackers name it. */
  source: v.nullable(v.string()),
});

const library = v.object({
  soname: v.string(),
  /**
   * The real path that the loader opens, links followed, in the system or in the Nix store. For a
   * file of this build, its `path` in this report; null when the loader finds none.
   */
  path: v.nullable(v.string()),
  provider,
});

/** Symbol versions that a file needs of a library: "GLIBC_2.34". */
const needed = v.object({ ...library.entries, symbolVersions: v.array(v.string()) });

/** What a file says it may load at run time: https://systemd.io/ELF_DLOPEN_METADATA */
const dlopen = v.object({
  sonames: v.array(v.string()),
  feature: v.nullable(v.string()),
  description: v.nullable(v.string()),
  priority: v.nullable(v.string()),
});

/** An archive (.a) of which members were linked into a file, as the linker itself said. */
const staticLibrary = v.object({
  /** Path of the archive in the environment. */
  archive: v.string(),
  provider,
});

const file = v.object({
  /** Name of the output: "out". */
  output: v.string(),
  /** Path relative to the output; inside archives "archive!/path", nested as often as they are. */
  path: v.string(),
  /** "library" also stands for Python's extension modules and other plug-ins. */
  type: v.picklist(["executable", "library", "relocatable", "other"]),
  /** 32 or 64. */
  class: v.picklist([32, 64]),
  /** "x86_64", "aarch64" …; "machine 42" for one without a name here. */
  machine: v.string(),
  /** Whether it is dynamically linked at all. */
  dynamic: v.boolean(),
  buildId: v.nullable(v.string()),
  interpreter: v.nullable(v.string()),
  soname: v.nullable(v.string()),
  /** Folders of RPATH and RUNPATH, as the file has them. */
  runpath: v.array(v.string()),
  needed: v.array(needed),
  dlopen: v.array(dlopen),
  static: v.array(staticLibrary),
  /** All libraries that the loader loads for it, those of `needed` and what they need in turn. */
  closure: v.array(library),
});

const problem = v.object({
  /** As `path` of the file, with the output before it ("dev:lib/x.so") unless it is "out". */
  file: v.string(),
  /** The library that it is about: a soname, or the name of an archive; null where there is none. */
  soname: v.nullable(v.string()),
  rule,
  message: v.string(),
});

const packageEntry = v.object({
  name: v.string(),
  version: v.string(),
  arch: v.string(),
  /** Source package and its version. */
  source: v.string(),
  sourceVersion: v.string(),
  /** https://github.com/package-url/purl-spec */
  purl: v.string(),
  /** Whether a file of the build itself asks for it, or only a library that it needs. */
  direct: v.boolean(),
  /**
   * "linked": upgrading the package is enough. "static", "bundled": the build holds a copy, and must
   * be built again.
   */
  relation: v.picklist(["linked", "static", "bundled"]),
  /**
   * The least version that the target needs, worked out from the symbols that are used, as
   * dpkg-shlibdeps does; null where the package does not say.
   */
  minimumVersion: v.nullable(v.string()),
  /** Sonames of it that the build's files need themselves. */
  sonames: v.array(v.string()),
});

export const reportSchema = v.object({
  schema: v.literal(reportSchemaName),
  verdict: v.picklist(["pass", "fail"]),
  problems: v.array(problem),
  /** Problems that `linkage.allow` allows, each with the reason that it gives. */
  allowed: v.array(v.object({ ...problem.entries, reason: v.string() })),
  system: v.object({
    name: v.string(),
    osRelease: v.record(v.string(), v.string()),
    /** The base image, as the system names it. */
    image: v.string(),
    /** As the package manager says: "amd64". */
    arch: v.string(),
  }),
  /** In order of output and path. */
  files: v.array(file),
  /** Packages of all providers, in order of name. */
  packages: v.array(packageEntry),
});

export type Report = v.InferOutput<typeof reportSchema>;
export type ReportFile = v.InferOutput<typeof file>;
export type ReportPackage = v.InferOutput<typeof packageEntry>;
export type Problem = v.InferOutput<typeof problem>;
export type Provider = v.InferOutput<typeof provider>;
export type Library = v.InferOutput<typeof library>;
export type Needed = v.InferOutput<typeof needed>;
export type StaticLibrary = v.InferOutput<typeof staticLibrary>;
export type Dlopen = v.InferOutput<typeof dlopen>;
