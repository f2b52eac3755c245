import { fuzz, type Random } from "../../testing/fuzz.ts";
import { makeAttributes, makeSystem, storePath } from "../../testing/specs.ts";
import { VoyagerError } from "../common/errors.ts";
import { parseAttributes } from "./read.ts";
import type { Attributes } from "./spec.ts";

type Json = unknown;
type JsonObject = Record<string, Json>;

/** A description that uses all there is. */
function complete(): Json {
  const system = makeSystem({
    repositories: [{ name: "extra", uri: "deb", suites: ["./"], components: [], key: storePath("key.asc") }],
    certificates: [storePath("ca.pem")],
    proxy: { http: "h", https: null, noProxy: "localhost" },
  });
  const change = {
    system,
    environment: {
      layers: [["gcc"]],
      maxAge: 1,
      lock: { file: storePath("lock.json"), packages: null },
    },
    systemRunDependencies: ["libc6"],
    test: {
      packages: [storePath("p")],
      pythonDependencies: [],
      unreported: "tell" as const,
      keepFailed: false,
    },
    linkage: { allow: [{ soname: "libz.so.1", file: null, rule: "bundled" as const, reason: "r" }] },
  };
  return makeAttributes(change, { outputHash: "sha256-x" });
}

const bases = [() => makeAttributes() as Json, complete];

/** Everything below, each with its path. */
function* places(
  value: Json,
  path: string[] = [],
): Generator<{ parent: JsonObject; key: string; path: string[] }> {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    yield { parent: value as JsonObject, key, path: [...path, key] };
    yield* places((value as JsonObject)[key], [...path, key]);
  }
}

/** Values of each type, and such as look like what is wanted. */
function oddValue(random: Random): Json {
  return random.pick<() => Json>([
    () => null,
    () => random.chance(0.5),
    () => random.pick([0, -1, 0.5, 1e308, 2 ** 53, -0]),
    () => random.pick(["", " ", "x", "..", "\0", "a\nb", "__proto__", "x".repeat(5000), "\ud800"]),
    () => random.pick([storePath("x"), `${storePath("x")}/../..`, "/nix/store", `/x/${storePath("y")}`]),
    () => [],
    () => [[[]]],
    () => ({}),
    () => ({ length: 1 }),
    () => JSON.parse('{"__proto__": {"polluted": true}}'),
  ])();
}

const oddNames = [
  "sorce",
  "",
  "__proto__",
  "constructor",
  "toString",
  "prototype",
  "0",
  "version ",
  "Version",
];

/** Sets a name as JSON would, also one that means something to JavaScript. */
function define(object: object, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Where names that are not known are no error: what Nix adds, and what has names of its maker's choice. */
function isOpen(path: string[]): boolean {
  return /^(|voyager\.env|voyager\.settings(\..*)?|outputs|closure\.\d+)$/s.test(path.join("."));
}

/** Changes one thing; returns whether it must be refused, whatever else is. */
function change(root: Json, random: Random): boolean {
  const all = [...places(root)];
  if (all.length === 0) return false;
  const { parent, key, path } = random.pick(all);
  const value = parent[key];
  switch (random.below(5)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return false;
    case 1:
    case 2:
      define(parent, key, oddValue(random));
      return false;
    case 3: {
      const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
      if (object === null) return false;
      const name = random.pick(oddNames);
      if (Object.hasOwn(object, name)) return false;
      define(object, name, oddValue(random));
      return !isOpen(path);
    }
    default: {
      const other = random.pick(all);
      define(parent, key, structuredClone(other.parent[other.key]));
      return false;
    }
  }
}

/** What was given, as far as it is read: nothing of it may be lost or changed. */
function readPart(given: JsonObject): JsonObject {
  const closure = (given.closure as JsonObject[]).map(({ path, narSize, narHash }) => ({
    path,
    narSize,
    ...(narHash === undefined ? {} : { narHash }),
  }));
  const { voyager, outputs, outputHash } = given;
  return { voyager, outputs, closure, ...(outputHash === undefined ? {} : { outputHash }) };
}

const outcomes = { accepted: 0, refused: 0 };
fuzz("spec validator, on descriptions that are changed", { runs: 5000 }, (random) => {
  const given = structuredClone(random.pick(bases)());
  let mustFail = false;
  // Later changes may take an earlier one away, so only the last counts.
  for (let count = random.below(4); count >= 0; count--) mustFail = change(given, random);
  let accepted: Attributes;
  try {
    accepted = parseAttributes(given);
  } catch (error) {
    if (!(error instanceof VoyagerError)) throw error;
    expect(error.kind).toBe("spec");
    expect(error.render().length).toBeLessThan(100_000);
    outcomes.refused++;
    return;
  }
  outcomes.accepted++;
  expect(mustFail).toBe(false);
  expect(parseAttributes(accepted)).toEqual(accepted);
  const expected = readPart(given as JsonObject) as unknown as Attributes;
  // The fields that have a default.
  if (expected.voyager.environment.lock === undefined) expected.voyager.environment.lock = null;
  expected.voyager.timeout ??= null;
  expected.voyager.silenceTimeout ??= null;
  expect(accepted).toEqual(expected);
  expect(Object.keys({})).toEqual([]);
  expect(({} as JsonObject).polluted).toBeUndefined();
});

test("both kinds of outcome were among them", () => {
  if (process.env.VOYAGER_FUZZ_RUNS !== undefined) return;
  expect(outcomes.accepted).toBeGreaterThan(200);
  expect(outcomes.refused).toBeGreaterThan(1000);
});

test("names that mean something to JavaScript are refused where names are free", () => {
  for (const name of ["__proto__", "constructor", "prototype"]) {
    const given = makeAttributes();
    define(given.voyager.env, name, "x");
    expect(() => parseAttributes(given)).toThrow("the build description is not valid");
    const told = makeAttributes();
    define(told.voyager.settings, name, "x");
    expect(() => parseAttributes(told)).toThrow("the build description is not valid");
  }
});
