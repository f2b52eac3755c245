/**
 * What a build costs in things that can be counted, which do not depend on how busy the machine is:
 * `npm run bench` measures time. A test that fails here found a build that does more than it did; if that
 * is meant, raise the number, and say why in the commit.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cost, CountedEngine, inSequence, peakMemory, told } from "./support/counted.ts";
import { removeKeptPackages } from "./support/kept-packages.ts";
import { mustBuild, runId } from "./support/nix.ts";
import { must, mustSync } from "./support/run.ts";

/** The most that is allowed. */
const most = {
  /** Requests to the engine of a warm build, and how many of them come one after another. */
  bind: { requests: 10, inSequence: 6 },
  stream: { requests: 11, inSequence: 7 },
  /** Bytes through the engine's socket beside the files themselves: requests, answers, the log, the audit. */
  talk: 150_000,
  /** Bytes for a byte of a file that is streamed: a tar's headers and padding. */
  packed: 1.03,
  /** Bytes of memory of the helper, however large or many the files are. */
  memory: 190e6,
  /** Runs of the package manager: reading the lists, installing. */
  environment: { update: 1, install: 1, commits: 1 },
  another: { update: 1, install: 1, commits: 1 },
};

/** Questions about what others have left on the engine. */
const sweeping = /^\/(info|containers\/[0-9a-f]{64}\/json)$/;

const transfers = ["bind", "stream"] as const;

let engine: CountedEngine;
beforeAll(async () => {
  engine = await CountedEngine.start();
});
afterAll(() => engine.stop());

/** The build of least requests of some: which ones overlap, chance has a part in. */
async function cheapest(expression: (run: number) => string): Promise<Cost & { sequence: number }> {
  const costs: (Cost & { sequence: number })[] = [];
  for (let run = 0; run < 4; run++) {
    const cost = await engine.build(expression(run));
    // What others have just left there is looked at, which is not this build's cost.
    const requests = cost.requests.filter(({ path }) => !sweeping.test(path));
    costs.push({ ...cost, requests, sequence: inSequence(requests) });
  }
  // The first one may have had to make the environment.
  return costs.slice(1).reduce((best, cost) => (cost.sequence < best.sequence ? cost : best));
}

/** Fails with the whole list of requests, so that one sees which is new. */
function expectAtMost(actual: number, limit: number, what: string, { requests }: Cost): void {
  if (actual <= limit) return;
  throw new Error(`${what}: ${actual}, at most ${limit} allowed:\n${told(requests)}`);
}

test.each(transfers)("%s: requests to the engine of a warm build", async (transfer) => {
  const cost = await cheapest(
    (run) => `build {
      pname = "cost-${run}"; transfer = "${transfer}"; buildScript = "echo hello >$out/file";
    }`,
  );
  expect(cost.sequence).toBeGreaterThan(2);
  expectAtMost(cost.requests.length, most[transfer].requests, "requests", cost);
  expectAtMost(cost.sequence, most[transfer].inSequence, "requests one after another", cost);
});

describe("40 MB in and out", () => {
  const size = 40_000_000;
  let closure: string;
  beforeAll(() => {
    const folder = join(mkdtempSync(join(tmpdir(), "voyager-cost-")), `cost-${runId}`);
    mkdirSync(folder);
    for (let file = 0; file < 400; file++) {
      writeFileSync(join(folder, `file${file}`), Buffer.alloc(size / 400, String(file)));
    }
    closure = mustSync("nix-store", ["--add", folder]);
    rmSync(join(folder, ".."), { recursive: true });
  });
  afterAll(() => {
    const all = mustSync("nix-store", ["--query", "--referrers-closure", closure]).split("\n");
    mustSync("nix-store", ["--delete", ...all]);
  });

  test.each(transfers)("%s: bytes through the engine's socket", async (transfer) => {
    const cost = await engine.build(`build {
      pname = "cost-bytes"; transfer = "${transfer}";
      nixDependencies = [ (builtins.storePath ${closure}) ];
      buildScript = "cp -r --no-preserve=mode ${closure} $out/copy; echo ${closure} >$out/from";
    }`);
    const files = transfer === "bind" ? 0 : size;
    expectAtMost(cost.bytesIn, files * most.packed + most.talk, "bytes to the engine", cost);
    expectAtMost(cost.bytesOut, files * most.packed + most.talk, "bytes from the engine", cost);
    expect(Math.min(cost.bytesIn, cost.bytesOut)).toBeGreaterThanOrEqual(files);
  });
});

const outputs = {
  "one file of 300 MB": "head -c 300000000 /dev/zero >$out/file",
  "10,000 files": "mkdir $out/files; for n in {1..10000}; do echo $n >$out/files/$n; done",
};

describe.each(Object.entries(outputs))("%s", (_what, buildScript) => {
  test.each(transfers)("%s: memory of the helper", async (transfer) => {
    const pname = `cost-memory-${transfer}`;
    const built = mustBuild(
      `build { pname = "${pname}"; transfer = "${transfer}"; buildScript = ''${buildScript}''; }`,
    );
    const peak = await peakMemory(pname, built);
    expect(peak).toBeGreaterThan(30e6);
    expect(peak).toBeLessThanOrEqual(most.memory);
    await must("nix-store", ["--delete", ...(await built)]);
  });
});

describe("environments", () => {
  /** Where the package manager itself notes its runs. */
  const notes = "/var/package-manager-runs";
  const system = `(systems.debian12.override {
    name = "cost-${runId}";
    setup = ''
      cat >/etc/apt/apt.conf.d/99count <<'END'
      APT::Update::Pre-Invoke { "echo update >>${notes}"; };
      DPkg::Pre-Invoke { "echo install >>${notes}"; };
      END
    '';
  })`;
  const withPackages = (pname: string, packages: string) => `build {
    pname = "${pname}"; system = ${system}; systemBuildDependencies = [ ${packages} ];
    buildScript = "cp ${notes} $out/runs";
  }`;
  const runs = (output = "") => readFileSync(join(output, "runs"), "utf8").trim().split("\n");
  const count = (lines: string[], what: string) => lines.filter((line) => line === what).length;
  const commits = ({ requests }: Cost) => requests.filter(({ path }) => path === "/commit").length;

  afterAll(async () => {
    const filter = ["--filter", `label=nix-voyager.system=cost-${runId}`];
    const images = await must("docker", ["images", "--quiet", "--no-trunc", ...filter]);
    for (const image of images.split("\n").filter((id) => id !== "")) {
      await must("docker", ["rmi", "--force", image]);
    }
    await removeKeptPackages(runId);
  });

  let first: string[];
  test("eight builds of one, started at once: runs of the package manager", async () => {
    const builds = Array.from({ length: 8 }, (_, n) => withPackages(`cost-first-${n}`, '"make"'));
    const cost = await engine.build(`[ ${builds.map((one) => `(${one})`).join(" ")} ]`, ["-j", "8"]);
    first = runs(cost.outputs[0]);
    expect(cost.outputs.map(runs)).toEqual(Array(8).fill(first));
    expectAtMost(commits(cost), most.environment.commits, "images made", cost);
    expectAtMost(count(first, "update"), most.environment.update, "lists read", cost);
    expectAtMost(count(first, "install"), most.environment.install, "installations", cost);
    expect(count(first, "install")).toBeGreaterThan(0);
  });

  test("another one with one more package: runs of the package manager", async () => {
    const cost = await engine.build(withPackages("cost-another", '"make" "patch"'));
    const all = runs(cost.outputs[0]);
    // It may be made on the first one, or on the base image.
    const begun = first.every((line, n) => all[n] === line) ? first : [];
    const more = all.slice(begun.length);
    expectAtMost(commits(cost), most.another.commits, "images made", cost);
    expectAtMost(count(more, "update"), most.another.update, "lists read", cost);
    expectAtMost(count(more, "install"), most.another.install, "installations", cost);
    expect(count(more, "install")).toBeGreaterThan(0);
  });
});
