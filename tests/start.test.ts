/** What a start of the helper costs, in counts: seconds are for the bench. The bundle is made by the Node that runs this. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bundler = join(process.cwd(), "helper/bundle.mjs");
const rehearsal = join(process.cwd(), "helper/bundle/rehearsal.json");
let top: string;
let bundle: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "voyager-start-"));
  bundle = join(top, "bundle");
  execFileSync(process.execPath, [bundler, bundle]);
  copyFileSync(rehearsal, join(top, ".attrs.json"));
  writeFileSync(join(top, "engine.sock"), ""); // which refuses a connection
});
afterAll(() => rmSync(top, { recursive: true }));

/** Says at its end which parts' caches V8 refused, and which modules of Node were loaded. */
const observed = `
  const { scripts } = require(process.argv[1]);
  process.on("exit", () => {
    const parts = Object.entries(scripts).map(([name, script]) => [name, script.cachedDataRejected]);
    const modules = process.moduleLoadList.filter((name) => /^NativeModule (?!internal)/.test(name));
    console.log(JSON.stringify({ rejected: Object.fromEntries(parts), modules }));
  });`;

/** Starts a build as Nix does, up to the first request, for which there is no engine. */
function start(folder: string, flags: string[] = []) {
  const env = { NIX_BUILD_TOP: top, DOCKER_HOST: `unix://${join(top, "engine.sock")}` };
  const args = [...flags, "-e", observed, join(folder, "voyager.cjs"), "build"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  expect(stderr).toContain("no engine answers");
  const { rejected, modules } = JSON.parse(stdout) as {
    rejected: Record<string, boolean>;
    modules: string[];
  };
  return { rejected, modules: modules.map((name) => name.replace("NativeModule ", "")) };
}

test("a build's first request is made of one part of the bundle, and V8 takes its cache", () => {
  expect(start(bundle).rejected).toEqual({ start: false });
});

test("what is slow to load is not loaded before it", () => {
  const { modules } = start(bundle);
  const slow = ["assert", "child_process", "fs/promises", "https", "tls", "zlib"];
  expect(modules.filter((name) => slow.includes(name))).toEqual([]);
});

test("the part that is read at once stays small", () => {
  const size = (name: string) => readFileSync(join(bundle, name)).length;
  expect(size("start.js")).toBeLessThan(300_000); // 214,000 as this is written
  expect(size("start.js.cache")).toBeLessThan(400_000); // 251,000
});

test("a cache that does not fit costs time, and nothing else", () => {
  expect(start(bundle, ["--single-threaded"]).rejected).toEqual({ start: true });
  const damaged = join(top, "damaged");
  cpSync(bundle, damaged, { recursive: true });
  writeFileSync(join(damaged, "start.js.cache"), "not a cache");
  expect(start(damaged).rejected).toEqual({ start: true });
  rmSync(join(damaged, "start.js.cache"));
  expect(start(damaged).rejected).toEqual({});
});

test("the same bytes each time, caches included", () => {
  // In the same place, as with Nix: V8 keeps the files' names.
  const before = join(top, "before");
  cpSync(bundle, before, { recursive: true });
  execFileSync(process.execPath, [bundler, bundle]);
  const same = (name: string) => readFileSync(join(before, name)).equals(readFileSync(join(bundle, name)));
  const names = readdirSync(bundle);
  expect(names).toHaveLength(6);
  expect(names.filter((name) => !same(name))).toEqual([]);
});

test("all commands are in the other part", () => {
  const run = spawnSync(process.execPath, [join(bundle, "voyager.cjs"), "--help"], { encoding: "utf8" });
  expect(run.stdout).toContain("voyager environment");
});
