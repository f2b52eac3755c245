/** The engines that are said to work: each started, each with the same builds, each without anything left. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nixBuild, runId, voyagerCommand } from "../support/nix.ts";
import { must, mustSync, run } from "../support/run.ts";
import { baseImage } from "../support/target.ts";
import { build, type Builds, type Description, describeBuilds, startBuild } from "./builds.ts";
import { socketIn, type TestEngine, type Way } from "./engine.ts";
import { machine } from "./machine.ts";
import { rootlessDocker } from "./rootless-docker.ts";
import { rootlessPodman } from "./rootless-podman.ts";
import { trixieDocker, trixiePodman } from "./trixie.ts";

let builds: Builds;
let voyager: string;
const files = mkdtempSync(join(tmpdir(), "voyager-engines-"));
beforeAll(async () => {
  [builds, voyager] = await Promise.all([describeBuilds(), voyagerCommand()]);
});
afterAll(() => rmSync(files, { recursive: true }));

const docker = (engine: TestEngine, ...args: string[]) => must("docker", ["-H", engine.address, ...args]);

/** The machine's image of a build's environment: what is the same on all engines is made once. */
async function environmentOf({ voyager: { environment, system } }: Description): Promise<string> {
  const packages = JSON.stringify([...new Set(environment.layers.flat())].sort());
  const filters = ["kind=environment", `system=${system.name}`].flatMap((label) => [
    "--filter",
    `label=nix-voyager.${label}`,
  ]);
  const tags = (await must("docker", ["images", ...filters, "--format", "{{.Repository}}:{{.Tag}}"])).split(
    "\n",
  );
  const format = '{{index .Config.Labels "nix-voyager.packages"}}';
  for (const tag of tags)
    if ((await must("docker", ["image", "inspect", "--format", format, tag])) === packages) return tag;
  throw new Error(`the machine's engine has no environment with ${packages}`);
}

let archive: Promise<string> | undefined;
/** The base image and the environments of builds, from the machine's engine. */
function savedImages(): Promise<string> {
  const save = async () => {
    const environments = await Promise.all([builds.bound, builds.bcrypt].map(environmentOf));
    await must("docker", ["save", "--output", join(files, "images.tar"), await baseImage(), ...environments]);
    return join(files, "images.tar");
  };
  archive ??= save();
  return archive;
}

/** What a comparison shows of something that should have succeeded, and did not. */
const failed = (status: number, log: string) => (status === 0 ? {} : { status, log });

/** Containers of builds and environments, whatever their state is. */
async function containers(engine: TestEngine): Promise<string[]> {
  const ids = await docker(engine, "ps", "--all", "--quiet", "--filter", "label=nix-voyager.container");
  if (ids === "") return [];
  const format = "{{.Name}} {{.State.Status}} {{.Config.Env}}";
  // Some may end meanwhile.
  const { stdout } = await run("docker", [
    "-H",
    engine.address,
    "inspect",
    "--format",
    format,
    ...ids.split("\n"),
  ]);
  const all = stdout.split("\n").filter((line) => line !== "");
  return engine.hasOthers ? all.filter((line) => line.includes(`TEST_RUN=${runId}`)) : all;
}

async function untilNoneIsLeft(engine: TestEngine, seconds: number): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const left = await containers(engine);
    if (left.length === 0 || Date.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const ways: Way[] = [machine, trixieDocker, rootlessPodman, trixiePodman, rootlessDocker];

describe.each(ways)("$name", (way) => {
  let engine: TestEngine;
  let impossible = "";
  beforeAll(async () => {
    const started = await way.start();
    if ("impossible" in started) {
      impossible = started.impossible;
      return;
    }
    engine = started;
    const version = await docker(engine, "version", "--format", "{{.Server.Version}}");
    process.stderr.write(`${way.name}: version ${version}\n`);
    if (way !== machine) await docker(engine, "load", "--input", await savedImages());
  });
  afterAll(() => engine?.stop());

  /** A test, or the printed reason why there can be none on this machine. */
  const on = (name: string, action: () => Promise<void>) =>
    test(name, async () => {
      if (impossible === "") return action();
      process.stderr.write(`SKIPPED: ${way.name}: ${name}: ${impossible}\n`);
    });

  // One without root has no user whose files these could be.
  if (way.binds) {
    on("has files bound where its host has them", async () => {
      const { status, log, files } = await build(engine, builds.bound, engine.shared);
      expect({ files, ...failed(status, log) }).toEqual({ files: ["id"] });
      expect(log).not.toContain("files are streamed");
    });
  }

  if (way.hasAll) {
    on("has files bound that are on a file system of their own", async () => {
      const { status, log, files } = await build(engine, builds.bound);
      expect({ files, ...failed(status, log) }).toEqual({ files: ["id"] });
      expect(log).not.toContain("files are streamed");
    });
  } else {
    on("has them streamed where binds cannot work, and says so", async () => {
      const { status, log, files } = await build(engine, builds.bound);
      expect({ files, ...failed(status, log) }).toEqual({ files: ["id"] });
      expect(log).toContain("warning: files are streamed, not bound");
    });
  }

  on("has them streamed where that is asked for", async () => {
    const { status, log, files } = await build(engine, builds.streamed);
    expect({ files, ...failed(status, log) }).toEqual({ files: ["all"] });
  });

  on("makes an environment", async () => {
    const { status, log } = await build(engine, builds.environment);
    expect(failed(status, log)).toEqual({});
    expect(log).toMatch(/environment test-engines-\w+ \+ 1 package: made/);
    const again = await build(engine, builds.environment);
    expect(again.log).toMatch(/environment test-engines-\w+ \+ 1 package: reused/);
  });

  on("builds bcrypt", async () => {
    const { status, log, files } = await build(engine, builds.bcrypt);
    const wheel = "bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl";
    expect({ files, ...failed(status, log) }).toEqual({ files: [wheel] });
    expect(log).toContain("linkage: PASS");
  });

  on("tells how a script failed", async () => {
    const { status, log } = await build(engine, builds.failing);
    expect({ status, log }).toMatchObject({ status: 1 });
    expect(log).toContain("the build script of failing-1 failed with exit code 7");
    expect(log).toMatch(/why: +a last line/);
  });

  on("tells that a build met its memory limit, or that there is none", async () => {
    const { status, log } = await build(engine, builds.hungry);
    if (engine.memoryMessage) {
      expect({ status, log }).toMatchObject({ status: 75, log: expect.stringMatching(engine.memoryMessage) });
    } else {
      expect(failed(status, log)).toEqual({});
      expect(log).toContain("warning: limits are not kept");
    }
  });

  on("ends a build whose helper was killed", async () => {
    const helper = await startBuild(engine, builds.endless, "it goes on\n");
    expect(await containers(engine)).toEqual([expect.stringContaining("nix-voyager-build-")]);
    helper.kill("SIGKILL");
    expect(await untilNoneIsLeft(engine, 10)).toEqual([]);
  });

  on("serves a build in the Nix sandbox", async () => {
    const socket = socketIn(engine.socketFolder);
    const group = Number(mustSync("getent", ["group", "nixbld"]).split(":")[2]);
    chownSync(socket, -1, group);
    chmodSync(socket, 0o660);
    const { status, stderr, stdout } = await nixBuild(
      `build { pname = "sandboxed"; env.ENGINE = "${way.name}"; buildScript = "echo ok >$out/file"; }`,
      ["--option", "sandbox-paths", `/run/nix-voyager=${engine.socketFolder}`],
    );
    expect(failed(status, stderr)).toEqual({});
    expect(readdirSync(stdout.trim()).sort()).toEqual(["file", "nix-support"]);
  });

  on("takes an image that a recipe makes, and tells of it", async () => {
    const system = structuredClone(builds.bound.voyager.system);
    system.name = `test-import-${runId}`;
    Object.assign(system.image.bootstrap, { include: [runId] });
    const programs = join(files, "bin");
    mkdirSync(programs, { recursive: true });
    writeFileSync(join(programs, "mmdebstrap"), `#!/bin/sh\nexec tar -c -C ${programs} .\n`, { mode: 0o755 });
    writeFileSync(join(files, "system.json"), JSON.stringify(system));
    const bootstrap = ["image", "bootstrap", system.name, "--file", join(files, "system.json")];
    const env = { ...process.env, PATH: `${programs}:${process.env.PATH}` };
    await must(voyager, ["--engine", engine.address, ...bootstrap], { env });
    const list = JSON.parse(await must(voyager, ["--engine", engine.address, "image", "list", "--json"]));
    const made = list.find((one: { system: string }) => one.system === system.name);
    expect(made).toMatchObject({
      id: expect.stringMatching(/^sha256:/),
      tags: [expect.stringMatching(/^nix-voyager\/base:/)],
    });
    await docker(engine, "rmi", made.tags[0]);
  });

  on("has nothing left", async () => {
    expect(await untilNoneIsLeft(engine, 10)).toEqual([]);
    const of = ["--filter", `label=nix-voyager.system=test-engines-${runId}`];
    if (way === machine) {
      for (const id of (await docker(engine, "images", "--quiet", ...of)).split("\n"))
        await docker(engine, "rmi", id);
      for (const id of (await docker(engine, "volume", "ls", "--quiet", ...of)).split("\n"))
        await docker(engine, "volume", "rm", id);
      return;
    }
    const { status, stderr } = await run(voyager, ["--engine", engine.address, "environment", "prune"]);
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.not.stringContaining("in use") });
    const label = ["--quiet", "--filter", "label=nix-voyager.kind"];
    expect(await docker(engine, "volume", "ls", ...label)).toBe("");
    const tags = await docker(engine, "images", "--format", "{{.Repository}}");
    expect(tags).not.toContain("nix-voyager/environment");
  });
});
