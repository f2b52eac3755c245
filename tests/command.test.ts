/** The `voyager` command as people use it. */
import { createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeKeptPackages } from "./support/kept-packages.ts";
import { mustBuild, runId, voyagerCommand } from "./support/nix.ts";
import { must, type Result, run } from "./support/run.ts";

let command: string;
let folder: string;
beforeAll(async () => {
  command = await voyagerCommand();
  folder = mkdtempSync(join(tmpdir(), "voyager-command-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removeKeptPackages(runId);
});

const voyager = (...args: string[]): Promise<Result> => run(command, args);

test("doctor finds nothing that prevents builds here, and says so to machines too", async () => {
  expect(await voyager("doctor")).toMatchObject({ status: 0 });
  const { stdout } = await voyager("doctor", "--json");
  const findings = JSON.parse(stdout) as { name: string; status: string }[];
  expect(findings.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "nix",
      "nix feature",
      "nix sandbox",
      "engine",
      expect.stringMatching(/^(broker's|engine) socket for builds$/),
      "base images",
      "clock",
    ]),
  );
  expect(findings.filter(({ status }) => status === "bad")).toEqual([]);
});

test("doctor names what is missing, with the remedy", async () => {
  const { status, stdout } = await run(command, ["doctor", "--engine", "/nowhere.sock"], {
    env: { ...process.env, NIX_CONFIG: "sandbox = true\nsandbox-paths =\nsystem-features = kvm" },
  });
  expect(status).toBe(3);
  expect(stdout).toMatch(/BAD +nix feature .*docker/);
  expect(stdout).toContain("extra-system-features = docker");
  expect(stdout).toMatch(/BAD +nix sandbox .*cannot see the engine's socket/);
  expect(stdout).toMatch(/BAD +engine /);
});

test("no engine: wrong socket, nobody listening, permission denied", async () => {
  const missing = await voyager("environment", "list", "--engine", "/nowhere.sock");
  expect(missing).toMatchObject({ status: 69 });
  expect(missing.stderr).toContain("/nowhere.sock");
  expect(missing.stderr).toContain("remedy:");

  const silent = join(folder, "silent.sock");
  const server = createServer().listen(silent);
  await new Promise((resolve) => server.on("listening", resolve));
  await must("sh", ["-c", `ln '${silent}' '${silent}.left'`]);
  await new Promise((resolve) => server.close(resolve));
  const refused = await voyager("environment", "list", "--engine", `${silent}.left`);
  expect(refused).toMatchObject({ status: 69 });
  expect(refused.stderr).toContain("no engine answers at");

  const asNobody = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", command];
  const denied = await run("setpriv", [
    ...asNobody,
    "environment",
    "list",
    "--engine",
    "/var/run/docker.sock",
  ]);
  expect(denied).toMatchObject({ status: 69 });
  expect(denied.stderr).toContain("permission denied at unix:///var/run/docker.sock");
});

test("images and environments are listed, for people and for machines", async () => {
  await mustBuild(`build { pname = "listed"; buildScript = "touch $out/x"; }`);
  const bases = JSON.parse((await voyager("image", "list", "--json")).stdout) as { system: string }[];
  expect(bases.map(({ system }) => system)).toContain("debian12");
  const environments = JSON.parse((await voyager("environment", "list", "--json")).stdout) as {
    packages: string[];
  }[];
  expect(environments).toContainEqual(expect.objectContaining({ system: "debian12", packages: [] }));
  expect((await voyager("environment", "list")).stdout).toMatch(/^image +system +age +size +packages/);
});

test("a base image that exists is not made twice", async () => {
  expect(await voyager("image", "bootstrap", "debian12")).toMatchObject({ status: 0 });
  const { stderr } = await voyager("image", "bootstrap", "debian12");
  expect(stderr).toMatch(/base image .*: exists/);
});

test("an unknown system is named, with the nearest", async () => {
  const { status, stderr } = await voyager("image", "bootstrap", "debain12");
  expect(status).toBe(64);
  expect(stderr).toContain("there is no system 'debain12'");
  expect(stderr).toContain("did you mean debian12?");
});

test("prune removes what is old enough, and only that", async () => {
  const system = `test-prune-${runId}`;
  await mustBuild(
    `build { system = systems.debian12.override { name = "${system}"; }; buildScript = "touch $out/x"; }`,
  );
  const ours = async () =>
    (await must("docker", ["images", "--quiet", "--filter", `label=nix-voyager.system=${system}`]))
      .split("\n")
      .filter(Boolean);
  await voyager("environment", "prune", "--older-than", "12h");
  expect(await ours()).toHaveLength(1);
  expect(await voyager("environment", "prune", "--older-than", "12 hours")).toMatchObject({ status: 64 });
});

test("an unknown command says how to get help", async () => {
  const { status, stderr } = await voyager("biuld");
  expect(status).toBe(64);
  expect(stderr).toContain("voyager --help");
});
