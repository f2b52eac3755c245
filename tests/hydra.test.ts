/**
 * What a Hydra server does with this project: evaluates its jobs in restricted mode, and reads what
 * they leave. Hydra itself is not here; its rules are in helper/src/hydra/grammar.ts and tests/hydra/.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMetric, parseProduct } from "../helper/src/hydra/grammar.ts";
import { failingReport } from "../helper/testing/reports.ts";
import {
  expectNothingLeft,
  mustBuild,
  nix,
  nixBuild,
  root,
  runtimePath,
  voyagerCommand,
} from "./support/nix.ts";
import { withNewerNix } from "./support/newer-nix.ts";
import { run } from "./support/run.ts";

/** A job as tests/hydra/jobs.nix finds it. */
interface Job {
  job: string;
  name: string;
  drvPath: string;
  system: string;
  meta: Record<string, unknown>;
  outputs: Record<string, string>;
  constituents: string[] | null;
}

/** An input as Hydra hands a folder over. */
const pathInput = (path: string) => `{ outPath = builtins.storePath ${path}; inputType = "path"; }`;

/** What restricted evaluation may read, and the arguments that have jobs.nix list what `expression` has. */
function listing(expression: string, paths: Record<string, string>, inputs = "{ }"): string[] {
  const allowed = Object.entries(paths).flatMap(([name, path]) => ["-I", `${name}=${path}`]);
  const whole = `import <jobs> { jobs = ${expression}; inputs = ${inputs}; }`;
  return ["--restrict-eval", ...allowed, "--eval", "--strict", "--json", "--expr", whole];
}

const release = "import <nix-voyager/release.nix>";
const jobsFile = "tests/hydra/jobs.nix";
/** No settings of this machine count: restricted evaluation sees no variable but NIX_PATH. */
const env = { ...process.env, NIX_PATH: "" };

async function jobsOf(args: string[]): Promise<Job[]> {
  const { status, stdout, stderr } = await nix("nix-instantiate", args, { env });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

let runtime: string;
beforeAll(async () => {
  runtime = await runtimePath();
});
afterAll(() => expectNothingLeft());

const here = () => ({ "nix-voyager": root, jobs: join(root, jobsFile), runtime });
const names = [
  "bcryptWheel",
  "channel",
  "examples.bcrypt",
  "examples.bcryptTest",
  "examples.c-program",
  "examples.cffi",
  "examples.library",
  "examples.web-application",
  "release",
  "voyager",
];

/** What Hydra takes of a job. */
function expectFit(job: Job): void {
  expect(job).toMatchObject({
    drvPath: expect.stringMatching(/^\/nix\/store\/[0-9a-z]{32}-.*\.drv$/),
    name: expect.stringMatching(/./),
    system: "x86_64-linux",
  });
  expect(job.meta).toMatchObject({ description: expect.any(String), platforms: ["x86_64-linux"] });
}

describe("restricted evaluation", () => {
  test("every job of release.nix, with the runtime as an input", async () => {
    const jobs = await jobsOf(listing(release, here(), `{ runtime = ${pathInput(runtime)}; }`));
    expect(jobs.map(({ job }) => job)).toEqual(names);
    for (const job of jobs) expectFit(job);
    const held = jobs.find(({ job }) => job === "release")?.constituents;
    const others = jobs.filter(({ job }) => job !== "release").map(({ drvPath }) => drvPath);
    expect(new Set(held)).toEqual(new Set(others));
    const bcrypt = jobs.find(({ job }) => job === "bcryptWheel");
    expect(bcrypt?.meta).toMatchObject({
      license: { shortName: "Apache-2.0" },
      homepage: expect.any(String),
    });
    expect(jobs.find(({ job }) => job === "channel")?.meta).toMatchObject({ isHydraChannel: true });
  });

  test("hydraJobs of the flake has the same", async () => {
    const outputs = "((import <nix-voyager/flake.nix>).outputs { }).hydraJobs";
    const flake = await jobsOf(listing(outputs, here()));
    const inputs = `{ runtime = ${runtime}; }`;
    const direct = await jobsOf(listing(release, here(), inputs));
    expect(flake.map(({ job, drvPath }) => [job, drvPath])).toEqual(
      direct.map(({ job, drvPath }) => [`x86_64-linux.${job}`, drvPath]),
    );
  });

  test("without an input that has Node it says what to give", async () => {
    const { runtime: _unused, ...paths } = here();
    const { status, stderr } = await nix("nix-instantiate", listing(release, paths), { env });
    expect(status).not.toBe(0);
    expect(stderr).toContain("give `pkgs` (to take Node from nixpkgs) or `runtime`");
  });

  test("a nixpkgs as an input: Node is taken from it, and evaluation asks for nothing to be built", async () => {
    const nixpkgs = mkdtempSync(join(tmpdir(), "voyager-nixpkgs-"));
    const { runtime: _unused, ...paths } = here();
    try {
      writeFileSync(
        join(nixpkgs, "default.nix"),
        `{ system }: {
          stdenv.hostPlatform.system = system;
          nodejs = derivation { inherit system; name = "nodejs"; builder = "/none"; } // { version = "24.0.0"; };
        }`,
      );
      const jobs = await jobsOf(listing(release, { ...paths, nixpkgs }, `{ nixpkgs = ${nixpkgs}; }`));
      expect(jobs.map(({ job }) => job)).toEqual(names);
    } finally {
      rmSync(nixpkgs, { recursive: true });
    }
  });

  test("jobs.nix is as strict as Hydra", async () => {
    const list = (jobs: string) => nix("nix-instantiate", listing(jobs, here()), { env });
    const skipped = await list('{ "a b" = 1; c = null; d = { e = { }; }; }');
    expect(skipped.stdout.trim()).toBe("[]");
    for (const bad of ['"text"', "[ ]", "1"]) {
      const { status, stderr } = await list(`{ a.b = ${bad}; }`);
      expect([status, stderr]).toEqual([1, expect.stringContaining("a.b is a ")]);
    }
  });

  test("Nix of Debian 13 finds the same jobs", async () => {
    const args = listing(
      release,
      { "nix-voyager": "/checkout", jobs: `/checkout/${jobsFile}`, runtime: "/runtime" },
      "{ runtime = /runtime; }",
    );
    const quoted = args.map((word) => `'${word}'`).join(" ");
    const { status, stdout, stderr } = await withNewerNix(`nix-instantiate ${quoted}`, [
      `${runtime}:/runtime:ro`,
    ]);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/2\.26/);
    const jobs = JSON.parse(stdout.slice(stdout.indexOf("["))) as Job[];
    expect(jobs.map(({ job }) => job)).toEqual(names);
    for (const job of jobs) expectFit(job);
  });
});

describe("the example of a declarative project", () => {
  const example = join(root, "examples/hydra");
  const spec = JSON.parse(readFileSync(join(example, "spec.json"), "utf8")) as Record<
    string,
    { nixexprinput: string; nixexprpath: string; inputs: Record<string, { type: string; value: string }> }
  >;

  test("is static: a set of sets, in which Hydra finds all that it wants", () => {
    expect(Object.keys(spec)).toEqual(["myapp"]);
    for (const jobset of Object.values(spec)) {
      expect(jobset).toMatchObject({
        enabled: 1,
        hidden: false,
        checkinterval: expect.any(Number),
        schedulingshares: expect.any(Number),
        enableemail: expect.any(Boolean),
        emailoverride: "",
        keepnr: expect.any(Number),
      });
      expect(Object.keys(jobset.inputs)).toContain(jobset.nixexprinput);
      expect(existsSync(join(example, jobset.nixexprpath))).toBe(true);
      for (const { type } of Object.values(jobset.inputs)) expect(["git", "path", "string"]).toContain(type);
    }
  });

  test("its expression evaluates with its inputs, restricted, and names them as it does", async () => {
    const values: Record<string, string> = {
      src: example,
      "nix-voyager": root,
      runtime: pathInput(runtime),
      npmRegistry: '"https://npm.example.org"',
    };
    const given = Object.keys(spec.myapp?.inputs ?? {}).map((name) => `${name} = ${values[name]};`);
    const file = `import <src/${spec.myapp?.nixexprpath}>`;
    const jobs = await jobsOf(listing(file, { ...here(), src: example }, `{ ${given.join(" ")} }`));
    expect(jobs.map(({ job }) => job)).toEqual(["release", "test", "wheel"]);
    for (const job of jobs) expectFit(job);
    expect(jobs[0]?.constituents).toHaveLength(2);
  });
});

/** Lines of a file in the nix-support of an output; none where there is no such file. */
function lines(output: string, name: string): string[] {
  const file = join(output, "nix-support", name);
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

test("what built jobs leave: products that are files of their own, metrics, a release name", async () => {
  const jobs = await jobsOf([
    ...["--eval", "--strict", "--json", "--expr"],
    `import ${join(root, jobsFile)} { jobs = import ${root}/release.nix; }`,
  ]);
  const built = await nix("nix-build", [
    "--no-out-link",
    join(root, "release.nix"),
    ...jobs.flatMap(({ job }) => ["-A", job]),
  ]);
  expect([built.status, built.status === 0 ? "" : built.stderr]).toEqual([0, ""]);
  const products: string[] = [];
  for (const { job, outputs } of jobs) {
    const out = outputs.out ?? "";
    for (const line of lines(out, "hydra-build-products")) {
      const product = parseProduct(line);
      expect({ job, line, product }).toMatchObject({ product: expect.anything() });
      const path = product?.path ?? "";
      expect(Object.values(outputs).some((output) => path.startsWith(`${output}/`))).toBe(true);
      expect({ path, isFile: statSync(path).isFile() }).toEqual({ path, isFile: true });
      products.push(`${job}: ${product?.type} ${product?.subtype}`);
    }
    for (const line of lines(out, "hydra-metrics")) {
      expect({ job, line, metric: parseMetric(line) }).toMatchObject({ metric: expect.anything() });
    }
    if (job === "voyager") continue;
    expect(lines(out, "hydra-release-name")).toEqual([expect.stringMatching(/^[a-zA-Z0-9.@:_-]+$/)]);
  }
  expect(products).toEqual(
    expect.arrayContaining([
      "bcryptWheel: file wheel",
      "bcryptWheel: report linkage",
      "bcryptWheel: file sbom",
      "bcryptWheel: file provenance",
      "channel: channel -",
      "examples.bcryptTest: report junit",
      "release: file constituents",
    ]),
  );
  const bcrypt = lines(jobs.find(({ job }) => job === "bcryptWheel")?.outputs.out ?? "", "hydra-metrics");
  expect(bcrypt).toEqual(
    expect.arrayContaining(["linkage.files 1", "linkage.libraries 1", "linkage.packages 1"]),
  );
  const test = lines(
    jobs.find(({ job }) => job === "examples.bcryptTest")?.outputs.out ?? "",
    "hydra-metrics",
  );
  expect(test).toContain("junit.tests 2");
});

/** An expression of a derivation that is no build of ours, with this in its nix-support. */
const forged = (name: string, files: Record<string, string>) => `(let
  command = voyager.helper.command;
  files = builtins.toFile "files.json" ${JSON.stringify(JSON.stringify(files))};
in derivation {
  name = "${name}";
  system = builtins.currentSystem;
  builder = builtins.head command;
  args = builtins.genList (i: builtins.elemAt command (i + 1)) (builtins.length command - 2) ++ [ "-e" ''
    const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
    mkdirSync(process.env.out + "/nix-support", { recursive: true });
    for (const [name, content] of Object.entries(JSON.parse(readFileSync(process.env.files, "utf8"))))
      writeFileSync(process.env.out + "/nix-support/" + name, content);
  '' ];
  inherit files;
})`;

describe("a release", () => {
  const aggregate = (name: string, constituents: string[]) =>
    nixBuild(`voyager.lib.mkAggregate { name = "${name}"; constituents = [ ${constituents.join(" ")} ]; }`);

  test("is held back by each part that is not fit for it, and names it", async () => {
    const kept = `(targetTest {
      package = build { pname = "plain"; buildScript = "touch $out/x"; };
      keepFailed = true;
      script = "exit 3";
    })`;
    const broken = forged("broken-1", { "linkage.json": JSON.stringify(failingReport) });
    const silent = `(${forged("silent-1", {})} // { linkage = "x"; voyager = { }; })`;
    const { status, stderr } = await aggregate("app-1", ["voyager.examples.bcrypt", kept, broken, silent]);
    expect(status).not.toBe(0);
    expect(stderr).toContain("app-1 is held back: 3 of 4 constituents are not fit for it");
    expect(stderr).toContain(
      "plain-test-1: it failed, and was kept (nix-support/failed): the test script of plain-test-1 failed with exit code 3",
    );
    expect(stderr).toContain(
      "broken-1: the verdict of its linkage report is fail: architecture: bin/arm-helper is for aarch64",
    );
    expect(stderr).toContain("silent-1: it has no linkage report");
    expect(stderr).not.toContain("bcrypt-3.2.2: ");
    expect(stderr).toContain("failed with exit code 81");
  });

  test("refers to its parts, so that what copies it copies them; its bits are the same each time", async () => {
    const release = `voyager.lib.mkAggregate { name = "app-2"; constituents = [ voyager.examples.bcrypt voyager.examples.library ]; }`;
    const [path = ""] = await mustBuild(release);
    const again = await nixBuild(release, ["--check"]);
    expect([again.status, again.status === 0 ? "" : again.stderr]).toEqual([0, ""]);
    const { stdout } = await run("nix-store", ["--query", "--references", path]);
    expect(stdout).toMatch(/-bcrypt-3\.2\.2\n/);
    expect(stdout).toMatch(/-libtally-1\.2\.0-dev\n/);
    const { constituents } = JSON.parse(readFileSync(join(path, "constituents.json"), "utf8"));
    expect(constituents.map(({ linkage }: { linkage: string }) => linkage)).toEqual(["pass", "pass"]);
  });
});

test("voyager doctor tells of a machines file by which builds would be queued in silence", async () => {
  const folder = mkdtempSync(join(tmpdir(), "voyager-machines-"));
  try {
    const machines = join(folder, "machines");
    const doctor = async (content: string) => {
      writeFileSync(machines, content);
      return run(await voyagerCommand(), ["doctor", "--machines", machines]);
    };
    const silent = await doctor("ssh://builder x86_64-linux - 4 1 kvm\n");
    expect(silent.status).toBe(3);
    expect(silent.stdout).toMatch(/BAD +machines .*ssh:\/\/builder: it has not the feature docker/);
    const told = await doctor("ssh://builder x86_64-linux - 4 1 kvm,docker\n");
    expect(told.stdout).toMatch(/ok +machines +builds that ask for docker go to ssh:\/\/builder/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
