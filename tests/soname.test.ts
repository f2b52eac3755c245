/** A library of our own: patched under what was built before, replaced by one with another soname, too old. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../helper/src/linkage/report.ts";
import { compileLibraries, libraryPackages, type Release } from "./support/library.ts";
import { evaluate, expectNothingLeft, mustBuild, nixBuild, runId, voyagerCommand } from "./support/nix.ts";
import { makeRepository, type TestRepository } from "./support/repository.ts";
import { must, run } from "./support/run.ts";
import { storeRecord } from "./support/store-record.ts";
import { baseImage, type Machine, startMachine, targetImage } from "./support/target.ts";

const folder = mkdtempSync(join(tmpdir(), "voyager-soname-"));
const first: Release = { version: "1.0", number: 1, added: false };
const patched: Release = { version: "1.1", number: 1, added: true };
const next: Release = { version: "2.0", number: 2, added: true };
const systemName = `test-foo-${runId}`;
const noSources = "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources";

let command: string;
let repository: TestRepository;
/** Shell code that puts a release into the repository of a system. */
let publish: { patched: string; next: string };
let compiler: string;
let machine: Machine;
let expression: string;
/** Built against 1.0; and against 1.1, for a symbol that 1.0 has not. */
let plain: string;
let needsNew: string;

beforeAll(async () => {
  command = await voyagerCommand();
  compiler = await targetImage(["gcc", "libc6-dev"]);
  await compileLibraries(compiler, folder, [first, patched, next]);
  repository = makeRepository(await libraryPackages(folder, first));
  publish = {
    patched: repository.later(await libraryPackages(folder, patched)),
    next: repository.later(await libraryPackages(folder, next)),
  };
  expression = `{
    plain = ${program("plain", systemWith(repository.setup), "int main(void) { return puts(foo_version()) < 0; }")};
    young = ${program("young", systemWith(publish.patched), "int foo_added(void); int main(void) { puts(foo_version()); return foo_added() != 1; }")};
  }`;
  [plain = "", needsNew = ""] = await mustBuild(expression);
  machine = await startMachine(await baseImage(), [plain, needsNew], false);
  const source = "deb [signed-by=/etc/apt/keyrings/test.asc] file:/srv/test ./";
  await machine.must(`${noSources}; echo '${readFileSync(repository.key, "utf8")}' >/etc/apt/keyrings/test.asc
    echo '${source}' >/etc/apt/sources.list.d/test.list; ${repository.setup}
    apt-get update -qq; apt-get install -qq -y libfoo1`);
}, 600_000);

afterAll(async () => {
  await machine?.remove();
  repository?.remove();
  rmSync(folder, { recursive: true, force: true });
  const filter = ["--filter", `label=nix-voyager.system=${systemName}`];
  const ids = (await must("docker", ["images", "--quiet", "--no-trunc", ...filter])).split("\n");
  for (const id of ids.filter((one) => one !== "")) await run("docker", ["rmi", "--force", id]);
  await expectNothingLeft();
});

/** A system with the compiler whose only repository is the one that `setup` puts there. */
function systemWith(setup: string): string {
  return `(systems.debian12.override {
    name = "${systemName}"; image = "${compiler}"; setup = ''${noSources}; ${setup}'';
    keys.test = ${repository.key};
    repositories = [ { name = "test"; uri = "${repository.uri}"; suites = [ "./" ]; key = "test"; } ];
  })`;
}

function program(name: string, system: string, main: string): string {
  return `build {
    pname = "${name}"; system = ${system}; systemBuildDependencies = [ "libfoo-dev" ];
    buildScript = ''
      printf '%s\\n' '#include <stdio.h>' 'const char *foo_version(void);' '${main}' >main.c
      mkdir -p $out/bin; gcc -o $out/bin/show main.c -lfoo'';
  }`;
}

const verifyOn = (path: string) => machine.run(`${path}/nix-support/verify --tsv`);
const verifyRoot = (path: string) => run(command, ["verify", "--root", machine.root, path]);

interface Told {
  deliveries: Record<string, unknown>[];
}

async function affected(...query: string[]): Promise<Told & { status: number }> {
  const { status, stdout } = await run(command, ["affected", ...query, "--json", plain]);
  return { status, ...(JSON.parse(stdout) as Told) };
}

/** What `voyager stale` tells when the system's repository is what `setup` makes of it. */
async function stale(setup: string): Promise<{ status: number; row: unknown; table: string }> {
  const file = join(folder, "system.json");
  writeFileSync(file, JSON.stringify(await evaluate(`${systemWith(setup)}.spec`)));
  const json = await run(command, ["stale", "--file", file, "--json", plain]);
  const table = (await run(command, ["stale", "--file", file, plain])).stdout;
  return { status: json.status, row: (JSON.parse(json.stdout) as Told).deliveries[0], table };
}

const upgradeable = {
  outcome: "upgrade",
  packages: [{ name: "libfoo1", source: "foo", relation: "linked", builtWith: "1.0" }],
};

test("a symbol that came with 1.1 makes 1.1 the least version, and a target with 1.0 is told", async () => {
  const report = JSON.parse(readFileSync(join(needsNew, "nix-support/linkage.json"), "utf8")) as Report;
  expect(report.packages.find(({ name }) => name === "libfoo1")).toMatchObject({ minimumVersion: "1.1" });
  const fails = await machine.run(`${needsNew}/bin/show`);
  expect(fails.stderr).toContain("undefined symbol: foo_added");
  const script = await verifyOn(needsNew);
  expect(script.status).toBe(1);
  expect(script.stdout).toMatch(
    /^missing\tlibfoo\.so\.1\t\S+; package libfoo1 1\.0 is older than 1\.1, .*\tapt-get install libfoo1 \(version 1\.1 or later\)$/m,
  );
  expect(await verifyRoot(needsNew)).toMatchObject({
    status: 6,
    stdout: expect.stringMatching(/MISSING +libfoo\.so\.1: .*libfoo1 1\.0 is older than 1\.1/),
  });
});

test("a patched release answers by the same store path, and nothing is built again", async () => {
  expect(await machine.must(`${plain}/bin/show`)).toBe("1.0");
  expect(await verifyOn(plain)).toMatchObject({ status: 0, stderr: "" });
  const records = await storeRecord([plain, needsNew]);

  await machine.must(`${publish.patched}; apt-get update -qq; apt-get install -qq -y --only-upgrade libfoo1`);

  expect(await machine.must(`${plain}/bin/show`)).toBe("1.1");
  for (const path of [plain, needsNew]) {
    const { status, stdout } = await verifyOn(path);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^ok\tlibfoo\.so\.1\t\S+ \(libfoo1 1\.1\)\t$/m),
    ]);
    expect(await verifyRoot(path)).toMatchObject({ status: 0 });
  }
  expect(await storeRecord([plain, needsNew])).toEqual(records);
  const again = await nixBuild(expression);
  expect(again.stdout.trim().split("\n")).toEqual([plain, needsNew]);
  expect(again.stderr).not.toMatch(/will be built|building/);
  expect(await affected("--package", "libfoo1", "--fixed", "1.1")).toMatchObject({
    status: 0,
    deliveries: [upgradeable],
  });
  expect(await stale(publish.patched)).toMatchObject({
    status: 7,
    row: {
      state: "stale",
      newer: expect.arrayContaining([
        {
          name: "libfoo1",
          arch: expect.anything(),
          builtWith: "1.0",
          now: "1.1",
          relation: "linked",
          direct: true,
        },
      ]),
    },
    table: expect.stringMatching(/libfoo1 +1\.0 +1\.1 +linked: the system upgrade patches it/),
  });
});

test("a release with another soname: what is gone, and what the system has instead", async () => {
  await machine.must(`${publish.next}; apt-get update -qq; apt-get install -qq -y libfoo2`);
  const fails = await machine.run(`${plain}/bin/show`);
  expect(fails.stderr).toContain("libfoo.so.1: cannot open shared object file");

  const gone =
    /libfoo\.so\.1 is gone; the system has libfoo\.so\.2 \(package libfoo2 2\.0\).*: must be built again against it/;
  const script = await verifyOn(plain);
  expect([script.status, script.stdout]).toEqual([1, expect.stringMatching(gone)]);
  const program = await verifyRoot(plain);
  expect([program.status, program.stdout]).toEqual([6, expect.stringMatching(gone)]);
  // It knows deliveries, not targets: which soname the upgrade must keep is what it can say.
  const told = await affected("--package", "libfoo1", "--fixed", "2.0");
  expect(told).toMatchObject({ status: 0, deliveries: [upgradeable] });
  expect(JSON.stringify(told)).toContain("which must still have libfoo.so.1");
  // The repository has no libfoo1 any more: no upgrade of it will come.
  expect(await stale(publish.next)).toMatchObject({
    status: 7,
    row: {
      state: "stale",
      gone: expect.arrayContaining([expect.objectContaining({ name: "libfoo1", relation: "linked" })]),
    },
    table: expect.stringMatching(/libfoo1 +1\.0 +- +linked: no repository has it now/),
  });
});
