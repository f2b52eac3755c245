import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { makeAttributes, makeSystem } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { parseAttributes, parseSystem, readAttributes } from "./read.ts";

const folder = temporaryFolders();
const errorOf = (json: unknown) => thrownBy<VoyagerError>(() => parseAttributes(json));

/** The attributes with one thing, named by its path, made wrong. */
function withWrong(path: string, value: unknown): unknown {
  const whole = structuredClone(makeAttributes()) as unknown as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() as string;
  const parent = names.reduce((part, name) => part[name] as Record<string, unknown>, whole);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return whole;
}

test("what lib/ writes", () => {
  expect(parseAttributes(makeAttributes())).toEqual(makeAttributes());
});

test("what Nix adds is no error", () => {
  expect(() =>
    parseAttributes({ ...makeAttributes(), builder: "/bin/x", system: "x86_64-linux" }),
  ).not.toThrow();
});

test.each<[string, unknown]>([
  ["voyager", undefined],
  ["voyager.version", "1"],
  ["voyager.name", 7],
  ["voyager.buildScript", undefined],
  ["voyager.src", "/etc/passwd"],
  ["voyager.patches.0", "a.patch"],
  ["voyager.stage", null],
  ["voyager.env", { "NOT A NAME": "x" }],
  ["voyager.env.FOO", 1],
  ["voyager.settings", { "NOT A NAME": "x" }],
  ["voyager.path.0", "relative"],
  ["voyager.result", "folder"],
  ["voyager.network", "yes"],
  ["voyager.transfer", "copy"],
  ["voyager.environment.layers.0.0", "-oDpkg::Pre-Invoke=evil"],
  ["voyager.environment.layers.1.0", "two words"],
  ["voyager.environment.maxAge", -1],
  ["voyager.limits.memory", 1024],
  ["voyager.limits.cpus", 0],
  ["voyager.limits.pids", 1.5],
  ["voyager.timeout", 0],
  ["voyager.silenceTimeout", "60"],
  ["voyager.products.0.type", "has space"],
  ["voyager.products.0.pattern", undefined],
  ["voyager.system.name", "Debian 12"],
  ["voyager.system.packageManager", "zypper"],
  ["voyager.system.image.bootstrap.suite", "--hook-dir=x"],
  ["voyager.system.certificates.0", "ca.pem"],
  ["voyager.system.proxy", {}],
  ["outputs.out", "/tmp/out"],
  ["closure.0.narSize", "big"],
])("wrong %s is named", async (path, value) => {
  const error = await errorOf(withWrong(path, value));
  expect(error.kind).toBe("spec");
  expect(error.details.why).toContain(path);
});

test("an attribute that is not known is named", async () => {
  expect((await errorOf(withWrong("voyager.sorce", "x"))).details.why).toContain("voyager.sorce");
});

test("all that is wrong is named at once", async () => {
  const json = withWrong("voyager.name", 7) as { voyager: { network: unknown } };
  json.voyager.network = null;
  const { why } = (await errorOf(json)).details;
  expect(why).toMatch(/voyager\.name.*\n.*voyager\.network/);
});

test("another version", async () => {
  const error = await errorOf(withWrong("voyager.version", 2));
  expect(error.what).toBe("this helper reads spec version 1, not 2");
  expect(error.details.remedy).toContain("same nix-voyager");
});

test.each([null, undefined, 7, "text", []])("%p is no spec", async (json) => {
  expect(await errorOf(json)).toMatchObject({ name: "VoyagerError", kind: "spec" });
});

test("network only for fixed outputs", async () => {
  const error = await errorOf(makeAttributes({ network: true }));
  expect(error.what).toBe("hello-1.0 asks for network");
  expect(error.details.remedy).toContain("fetchPypi");
  expect(() => parseAttributes(makeAttributes({ network: true }, { outputHash: "sha256-x" }))).not.toThrow();
});

test("read from the build folder", async () => {
  const top = folder();
  writeFileSync(join(top, ".attrs.json"), JSON.stringify(makeAttributes()));
  expect(readAttributes(top)).toEqual(makeAttributes());
  const missing = await thrownBy<VoyagerError>(() => readAttributes(join(top, "elsewhere")));
  expect(missing.kind).toBe("spec");
  expect(missing.what).toContain("elsewhere/.attrs.json");
});

test("a system of its own", async () => {
  expect(parseSystem(makeSystem(), "systems.json")).toEqual(makeSystem());
  const error = await thrownBy<VoyagerError>(() => parseSystem({ name: "x" }, "systems.json: x"));
  expect(error.what).toBe("systems.json: x is not a system");
  expect(error.details.why).toContain("packageManager");
});
