/**
 * The spec: the JSON that `lib/` hands the helper. It is the only thing the two share, so this
 * schema is at once its TypeScript type, its validator and its documentation.
 *
 * It is the attribute `voyager` of a derivation with structured attributes. A change that an
 * older helper would misread raises `specVersion` here and in `lib/internal/spec-version.nix`.
 */
import * as v from "valibot";
import { storeNamePattern } from "../common/store.ts";
import { ruleNames } from "./rules.ts";

/** Version of the spec that this helper reads. */
export const specVersion = 1;

/** Part by part: one expression for the whole would try all pairs of slashes, and a hostile text has very many. */
export const storePath = v.pipe(
  v.string(),
  v.check((path) => {
    const [root, ...parts] = path.split("/");
    return root === "" && !path.includes("\0") && parts.slice(1).some((part) => storeNamePattern.test(part));
  }, "expected a store path"),
);
const packageName = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9]([a-zA-Z0-9.+_:=~-]*[a-zA-Z0-9+~])?$/, "expected the name of a system package"),
);
const variableName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected a variable name"));

/** A repository of system packages, beside those that the base image has. */
const repository = v.strictObject({
  /** Short name, used for the file that declares it. */
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/)),
  /** Address, as the package manager wants it. */
  uri: v.string(),
  /** apt: suites ("bookworm", or "./" for a flat repository). */
  suites: v.array(v.string()),
  /** apt: components ("main"). Empty for a flat repository. */
  components: v.array(v.string()),
  /** The public key that signs it: a file in the Nix store; null: a key the image trusts already. */
  key: v.nullable(storePath),
});

/** How to make a base image where no registry has it. */
const bootstrap = v.strictObject({
  tool: v.literal("mmdebstrap"),
  suite: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9.-]*$/)),
  components: v.array(v.string()),
  /** Repository address; null: the tool's default for the suite. */
  mirror: v.nullable(v.string()),
  /** Packages beyond the minimal set. */
  include: v.array(packageName),
});

/** A system: what `mkSystem` returns. */
export const systemSchema = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/)),
  image: v.strictObject({
    /** Tag or digest that the engine has or can pull; null: only the bootstrap recipe. */
    reference: v.nullable(v.string()),
    bootstrap: v.nullable(bootstrap),
  }),
  packageManager: v.picklist(["apt"]),
  repositories: v.array(repository),
  /** Certificates (PEM files in the store) that the package manager must trust. */
  certificates: v.array(storePath),
  proxy: v.nullable(
    v.strictObject({
      http: v.nullable(v.string()),
      https: v.nullable(v.string()),
      /** Hosts that are reached directly, comma separated. */
      noProxy: v.nullable(v.string()),
    }),
  ),
  /** Shell script run as root, with network, before packages are installed. */
  setup: v.string(),
  /** Whether the engine keeps downloaded packages for the next environment of the system. */
  keepPackages: v.boolean(),
});

/** What a build may use at most. */
const limits = v.strictObject({
  /** Bytes; null: no limit. */
  memory: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(16 * 1024 * 1024))),
  /** Processor cores, may be a fraction; null: no limit. */
  cpus: v.nullable(v.pipe(v.number(), v.minValue(0.01))),
  /** Processes and threads. */
  pids: v.pipe(v.number(), v.integer(), v.minValue(16)),
});

const seconds = v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))), null);

/** A line of `nix-support/hydra-build-products`, one for each file that the pattern matches. */
const product = v.strictObject({
  type: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/)),
  subtype: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/)),
  output: v.string(),
  /** Glob relative to the output: `*` matches within one folder. */
  pattern: v.string(),
});

/** A test: what it loads is compared with the linkage reports of what it tests. */
const test = v.strictObject({
  packages: v.array(storePath),
  /** Wheels, or folders with some. */
  pythonDependencies: v.array(storePath),
  /** What becomes of a library that was loaded and that no report has. */
  unreported: v.picklist(["tell", "fail"]),
  /** Whether one that fails leaves its result, with `nix-support/failed`. */
  keepFailed: v.boolean(),
});

/** A problem of the linkage report that is allowed: all that is not null must match. */
const allowance = v.strictObject({
  /** Soname of the library, or the name of a static archive ("libz.a"); `*` stands for any part. */
  soname: v.nullable(v.string()),
  /** Path of the file as the report has it; `*` stands for any part. */
  file: v.nullable(v.string()),
  rule: v.nullable(v.picklist(ruleNames)),
  /** Appears in the report. */
  reason: v.pipe(v.string(), v.minLength(1)),
});

export const specSchema = v.strictObject({
  version: v.literal(specVersion, `expected spec version ${specVersion}`),
  name: v.string(),
  /** Name and version of the package, as its own metadata has them. */
  package: v.strictObject({ name: v.string(), version: v.string() }),
  /** Kind of build, for the log: "build", "wheel", "virtualenv", "pypi". */
  kind: v.string(),
  system: systemSchema,
  environment: v.strictObject({
    /** Sets of packages, each a layer on those before it, so that builds share layers. */
    layers: v.array(v.array(packageName)),
    /** Seconds after which an environment is made anew. A locked one never is. */
    maxAge: v.pipe(v.number(), v.minValue(0)),
    /** The system lock: the file, and the folder of its packages (null: from the repositories). */
    lock: v.optional(v.nullable(v.strictObject({ file: storePath, packages: v.nullable(storePath) })), null),
  }),
  /** Archive or folder, unpacked to /build/source; null: an empty folder. */
  src: v.nullable(storePath),
  /** Applied to the source with `patch -p1`, in this order. */
  patches: v.array(storePath),
  /** Script run by `bash` inside the container: unpacks, patches and runs `buildScript`. */
  stage: storePath,
  buildScript: v.string(),
  env: v.record(variableName, v.string()),
  /** What the builder itself is told: variables whose values it gets as JSON. */
  settings: v.record(variableName, v.unknown()),
  /** nixDependencies: store paths whose `bin` goes on PATH. */
  path: v.array(storePath),
  /** What an output is: a folder that exists beforehand, or one file that the script writes to $out. */
  result: v.picklist(["directory", "file"]),
  /** Variables of Nix's own environment (`impureEnvVars`) that are handed on: index, proxy. */
  impureEnv: v.array(v.string()),
  /** Network during the build; only fixed-output derivations may ask for it. */
  network: v.boolean(),
  transfer: v.picklist(["auto", "bind", "stream"]),
  limits,
  /** Seconds that the whole build may take, all that it waits for included; null: as many as it wants. */
  timeout: seconds,
  /** Seconds for which nothing may come from its container nor be taken by it; null: as many as it wants. */
  silenceTimeout: seconds,
  /** System packages that the result needs of the target; null: not declared. */
  systemRunDependencies: v.nullable(v.array(packageName)),
  products: v.array(product),
  /**
   * null: no audit, and so no report that could be taken for one. Nothing in lib/ asks for that: the
   * benchmark does, to tell what the audit costs.
   */
  linkage: v.nullable(v.strictObject({ allow: v.array(allowance) })),
  /** What only a test has; null: this is none. */
  test: v.nullable(test),
});

/** What `mkSystem` returns, validated. */
export type System = v.InferOutput<typeof systemSchema>;
/** The build that `lib/` describes, validated. */
export type Spec = v.InferOutput<typeof specSchema>;
export type TestSpec = v.InferOutput<typeof test>;
export type Allowance = v.InferOutput<typeof allowance>;
export type Repository = v.InferOutput<typeof repository>;
export type Bootstrap = v.InferOutput<typeof bootstrap>;

/** The whole `.attrs.json` of a derivation: our spec, and what Nix adds to it. */
export const attributesSchema = v.object({
  voyager: specSchema,
  /** Output name → final store path. */
  outputs: v.record(v.string(), storePath),
  /** What exportReferencesGraph made of the build's inputs. */
  closure: v.array(
    v.object({
      path: storePath,
      narSize: v.number(),
      /** SHA-256 of the NAR, as Nix writes it: "sha256:" and base 32. */
      narHash: v.optional(v.string()),
    }),
  ),
  /** Present in fixed-output derivations only. */
  outputHash: v.optional(v.string()),
});
export type Attributes = v.InferOutput<typeof attributesSchema>;
