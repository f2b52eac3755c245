/**
 * The report of real packages agrees, for every ELF file, with what readelf, ldd, dpkg, dpkg-shlibdeps and
 * auditwheel say in a container of the same environment.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import Ajv from "ajv";
import type { Report } from "../helper/src/linkage/report.ts";
import { schemaErrors } from "../helper/testing/cyclonedx-schema.ts";
import {
  type Answers,
  auditwheelSays,
  fileOf,
  leastVersions,
  linkedPackages,
  outsideOf,
} from "./agreement/expected.ts";
import { expectNothingLeft, nix, nixBuild, root, runId, transfer } from "./support/nix.ts";
import { must, mustSync } from "./support/run.ts";

const programs = ["brotli", "hiredis"];
const wheels = [
  "cffi",
  "mysqlclient",
  "psutil",
  "psycopg2",
  "pycurl",
  "pyodbc",
  "python-ldap",
  "python-snappy",
  "systemd-python",
];
const names = [...programs, ...wheels].sort();

const all = `(import ${root}/tests/agreement/packages.nix {
  voyager = import ${root} { }; run = "${runId}"; transfer = "${transfer}"; })`;

/** Package → output → store path. */
type Built = Record<string, Record<string, string>>;
let built: Built;
/** Package → what was said in its environment. */
const answers = new Map<string, Answers>();
const reports = new Map<string, Report>();

const read = (name: string, file: string) =>
  JSON.parse(readFileSync(join(built[name]?.out ?? "", "nix-support", file), "utf8"));

async function build(expression: string, args: string[]): Promise<void> {
  const { status, stderr } = await nixBuild(expression, args, { timeout: 900 });
  if (status !== 0) throw new Error(`nix-build failed:\n${stderr}`);
}

/** Evaluates to data, built or not. */
async function evaluate<Value>(expression: string): Promise<Value> {
  const args = ["--eval", "--strict", "--json", "-E", expression];
  const { status, stdout, stderr } = await nix("nix-instantiate", args);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Value;
}

/** The image of the environment that a package was built in: the one of which the same is recorded. */
async function imageOf(name: string): Promise<string> {
  const inOrder = (packages: object[]) => packages.map((one) => Object.entries(one).sort().join()).sort();
  const wanted = inOrder(read(name, "environment.json").packages);
  const filter = ["--filter", "label=nix-voyager.kind=environment", "--format", "{{.ID}}"];
  const ids = (await must("docker", ["images", ...filter])).split("\n");
  for (const id of new Set(ids)) {
    const labels = JSON.parse(await must("docker", ["inspect", "--format", "{{json .Config.Labels}}", id]));
    const recorded = inOrder(JSON.parse(labels["nix-voyager.record"]).packages);
    if (recorded.join("\n") === wanted.join("\n")) return id;
  }
  throw new Error(`no image has the packages that ${name} was built with`);
}

/** Asks the tools about packages, all of the same environment. */
async function ask(some: string[], tools: string[]): Promise<Answers> {
  const packages = Object.fromEntries(some.map((name) => [name, Object.values(built[name] ?? {})]));
  const paths = [...tools, ...Object.values(packages).flat(), join(root, "tests/agreement/ask.py")];
  const volumes = paths.flatMap((path) => ["--volume", `${path}:${path}:ro`]);
  const unpack = tools.map((wheel) => `python3 -m zipfile -e ${wheel} /tmp/auditwheel`).join(" && ");
  const script = `${unpack} && PYTHONPATH=/tmp/auditwheel exec python3 ${paths.at(-1)}`;
  const image = await imageOf(some[0] ?? "");
  const run = ["run", "--rm", "--interactive", "--network=none", ...volumes, image, "sh", "-ec", script];
  return JSON.parse(mustSync("docker", run, JSON.stringify({ packages }))) as Answers;
}

beforeAll(async () => {
  await build(`with ${all}; auditwheel ++ builtins.attrValues packages`, [
    "--max-jobs",
    String(availableParallelism()),
  ]);
  const outputs = `p: builtins.listToAttrs (map (name: { inherit name; value = p.\${name}.outPath; }) p.outputs)`;
  built = await evaluate(`builtins.mapAttrs (_: ${outputs}) ${all}.packages`);
  const tools = await evaluate<string[]>(`map (p: p.outPath) ${all}.auditwheel`);
  for (const name of names) reports.set(name, read(name, "linkage.json"));
  for (const group of [wheels, programs]) {
    const said = await ask(group, tools);
    for (const name of group) answers.set(name, said);
  }
}, 1_200_000);
afterAll(() => expectNothingLeft());

const of = (name: string) => {
  const [report, said] = [reports.get(name), answers.get(name)];
  const asked = said?.packages[name];
  if (!report || !said || !asked) throw new Error(`nothing is known of ${name}`);
  const outputs = new Map(Object.entries(built[name] ?? {}).map(([output, path]) => [path, output]));
  const files = asked.files.map((file) => fileOf(file, asked, said, outputs));
  return { report, said, asked, files, outputs: [...outputs.keys()] };
};

test("the packages are those of the list, and have files enough", () => {
  expect(Object.keys(built).sort()).toEqual(names);
  const count = names.map((name) => of(name).files.length).reduce((sum, one) => sum + one);
  expect(count).toBeGreaterThanOrEqual(20);
});

describe.each(names)("%s", (name) => {
  test("every file is as readelf, ldd and dpkg say, and none is left out", () => {
    const { report, files } = of(name);
    const inOrder = <File extends { output: string; path: string }>(list: File[]) =>
      [...list].sort((a, b) => (`${a.output}:${a.path}` < `${b.output}:${b.path}` ? -1 : 1));
    expect(files.length).toBeGreaterThan(0);
    expect(inOrder(report.files)).toEqual(inOrder(files));
    expect([report.verdict, report.problems]).toEqual(["pass", []]);
  });

  test("packages are those that own what is linked, with the least versions of dpkg-shlibdeps", () => {
    const { report, said, files, asked } = of(name);
    const linked = report.packages.filter(({ relation }) => relation === "linked");
    expect(
      linked.map(({ purl: _purl, minimumVersion: _minimum, relation: _relation, ...rest }) => rest),
    ).toEqual(linkedPackages(files, said));
    const direct = linked.filter((one) => one.direct);
    expect(Object.fromEntries(direct.map((one) => [one.name, one.minimumVersion]))).toEqual(
      leastVersions(asked.shlibdeps.stdout),
    );
  });

  test("the report and the SBOM are valid, and the outputs refer to nothing but themselves", async () => {
    const { report, outputs } = of(name);
    const schema = JSON.parse(readFileSync(join(root, "docs/linkage.schema.json"), "utf8"));
    const ajv = new Ajv({ strict: false, allErrors: true });
    expect([ajv.validate(schema, report), ajv.errors]).toEqual([true, null]);
    expect(schemaErrors(read(name, "sbom.cdx.json"))).toEqual([]);
    const { stdout } = await nix("nix-store", ["--query", "--references", ...outputs]);
    expect(stdout.split("\n").filter((path) => path !== "" && !outputs.includes(path))).toEqual([]);
  });
});

test.each(wheels)("auditwheel finds the same libraries outside of %s", (name) => {
  const { report, said, asked } = of(name);
  const [shown, ...others] = Object.values(asked.wheels);
  expect([shown?.status, others]).toEqual([0, []]);
  const seen = auditwheelSays(shown?.stdout ?? "");
  const { libraries, versions } = outsideOf(report.files, said.auditwheelIgnores);
  expect(seen.libraries).toEqual(libraries);
  expect(Object.keys(versions)).toContain("libc.so.6");
  const among = Object.entries(versions).map(([soname, list]) => [soname, expect.arrayContaining(list)]);
  expect(seen.versions).toMatchObject(Object.fromEntries(among));
});

test.each(["brotli", "psycopg2"])("%s, built again, is the same, with its reports", async (name) => {
  await build(`${all}.packages.${name}`, ["--check"]);
});
