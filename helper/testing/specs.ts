/** A made-up build, complete and valid, for tests to change one thing in. */
import type { Attributes, Spec, System } from "../src/spec/spec.ts";

/** A path as in a store: 32 letters and a name. */
export const storePath = (name: string) => `/nix/store/${"0123456789abcdfghijklmnpqrsvwxyz"}-${name}`;

export function makeSystem(change: Partial<System> = {}): System {
  return {
    name: "debian12",
    image: {
      reference: "debian:12",
      bootstrap: {
        tool: "mmdebstrap",
        suite: "bookworm",
        components: ["main"],
        mirror: null,
        include: ["ca-certificates"],
      },
    },
    packageManager: "apt",
    repositories: [],
    certificates: [],
    proxy: null,
    setup: "",
    keepPackages: true,
    ...change,
  };
}

export function makeSpec(change: Partial<Spec> = {}): Spec {
  return {
    version: 1,
    name: "hello-1.0",
    package: { name: "hello", version: "1.0" },
    kind: "build",
    system: makeSystem(),
    environment: { layers: [["gcc"], ["libffi-dev"]], maxAge: 86400, lock: null },
    src: storePath("hello.tar.gz"),
    patches: [storePath("a.patch")],
    stage: storePath("stage.sh"),
    buildScript: "make install",
    env: { FOO: "bar" },
    settings: { VOYAGER_TOLD: { of: [1, "two"] } },
    path: [storePath("tool")],
    result: "directory",
    impureEnv: ["https_proxy"],
    network: false,
    transfer: "auto",
    limits: { memory: 1024 ** 3, cpus: 1.5, pids: 4096 },
    timeout: null,
    silenceTimeout: null,
    systemRunDependencies: null,
    test: null,
    products: [{ type: "file", subtype: "wheel", output: "out", pattern: "*.whl" }],
    linkage: { allow: [] },
    ...change,
  };
}

export function makeAttributes(change: Partial<Spec> = {}, rest: Partial<Attributes> = {}): Attributes {
  return {
    voyager: makeSpec(change),
    outputs: { out: storePath("hello-1.0") },
    closure: [{ path: storePath("tool"), narSize: 1234 }],
    ...rest,
  };
}
