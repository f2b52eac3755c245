/** How nix-voyager gets to those who use it: a tarball, a channel, a flake, an overlay, a command, a service. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withNewerNix } from "./support/newer-nix.ts";
import { buildAttribute, expectNothingLeft, nix, root, runtimePath } from "./support/nix.ts";
import { must, run } from "./support/run.ts";
import { inContainer, wheelIn } from "./support/target.ts";

let folder: string;
/** The unpacked tarball. */
let release: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "voyager-ways-"));
  await must("npm", ["pack", "--pack-destination", folder], { cwd: root });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  await must("tar", ["-xzf", join(folder, tarball), "-C", folder]);
  release = join(folder, "package");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => expectNothingLeft());

/** Names of derivations that `nix-build` would build for an attribute, in the order in which it lists them. */
async function wouldBuild(path: string, attribute: string): Promise<string[]> {
  const drv = await must("nix-instantiate", [path, "-A", attribute]);
  const all = (await must("nix-store", ["--query", "--requisites", drv])).split("\n");
  return all
    .filter((one) => one.endsWith(".drv"))
    .map((one) => one.replace(/^\/nix\/store\/[0-9a-z]{32}-/, ""));
}

/** What only compiling the helper needs. */
const compiling = /^nix-voyager-(node-modules|helper)\.drv$/;

describe("npm pack", () => {
  test("leaves nothing in the checkout, and packs no test", async () => {
    expect(existsSync(join(root, "helper/compiled"))).toBe(false);
    const files = (await must("find", [release, "-type", "f"])).split("\n");
    expect(files.filter((file) => /\.test\.ts$|node_modules|__pycache__|test_.*\.py$/.test(file))).toEqual(
      [],
    );
    for (const name of ["helper/compiled/x86_64-linux/lib/voyager.cjs", "docs/hydra.md", "LICENSE"])
      expect(files).toContain(join(release, name));
  });

  test("the helper's hash is beside it, so that it is not read in each evaluation", async () => {
    const compiled = join(release, "helper/compiled");
    const hash = await must("nix-hash", ["--type", "sha256", "--base32", join(compiled, "x86_64-linux")]);
    expect(readFileSync(join(compiled, "x86_64-linux.hash"), "utf8")).toBe(`sha256:${hash}`);
  });

  test("those who use it compile nothing, and build", async () => {
    expect((await wouldBuild(root, "bcryptWheel")).filter((name) => compiling.test(name))).toHaveLength(2);
    expect((await wouldBuild(release, "bcryptWheel")).filter((name) => compiling.test(name))).toEqual([]);
    const built = await nix("nix-build", ["--no-out-link", release, "-A", "bcryptWheel"]);
    expect([built.status, built.status === 0 ? "" : built.stderr]).toEqual([0, ""]);
    expect(wheelIn(built.stdout.trim())).toBe("bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl");
  });

  test("another platform than the packed one would compile it from the source that is there", async () => {
    const expression = `(import ${release} { nixSystem = "aarch64-linux"; npmRegistry = "https://npm.example.org"; runtime = ${await runtimePath()}; }).helper.bundle`;
    const drv = await must("nix-instantiate", ["--expr", expression]);
    expect(drv).toMatch(/-nix-voyager-helper\.drv$/);
  });
});

test("a subscriber to the channel of nix-voyager itself compiles nothing, and builds from it", async () => {
  const channel = await buildAttribute("channel");
  // A machine of its own, as subscribing changes root's profile; so this is Debian 13's Nix.
  const { status, stdout, stderr } = await withNewerNix(
    `cd /
    nix-channel --add file:///channel/nixexprs.tar.xz nix-voyager
    nix-channel --update
    drv=$(nix-instantiate '<nix-voyager>' -A examples.c-program)
    nix-store --query --requisites "$drv" | sed -n 's/^.\\{44\\}\\(.*\\.drv\\)$/needs \\1/p'
    $(nix-store --realise "$drv")/bin/planets Mars`,
    [`${channel}:/channel:ro`],
  );
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  const needs = [...stdout.matchAll(/^needs (.*)$/gm)].map(([, name = ""]) => name);
  expect(needs).toEqual(expect.arrayContaining(["planets-1.0.drv"]));
  expect(needs.filter((name) => compiling.test(name))).toEqual([]);
  expect(stdout).toContain("Mars: 1.52");
});

test("the embedded runtime can be built to give it on, in whatever form it was given here", async () => {
  const runtime = await runtimePath();
  const hashOf = (path: string) => must("nix-store", ["--query", "--hash", path]);
  for (const given of ["null", runtime, `"${runtime}"`]) {
    const expression = `(import ${root} { runtime = ${given}; }).helper.runtime`;
    const { status, stdout, stderr } = await nix("nix-build", ["--no-out-link", "--expr", expression]);
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    expect(await hashOf(stdout.trim())).toBe(await hashOf(runtime));
  }
});

describe("the flake", () => {
  const flake = (args: string[], cwd = folder) =>
    run("nix", ["--extra-experimental-features", "nix-command flakes", ...args], { cwd });

  test("nix flake check, pure and impure", async () => {
    for (const impure of [[], ["--impure"]]) {
      const { status, stderr } = await flake(["flake", "check", "--no-build", `path:${release}`, ...impure]);
      expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    }
  });

  test.each([
    ["a wheel", "", "tally-1.0-cp311-cp311-linux_x86_64.whl"],
    ["a C program", "#c", "bin"],
  ])("its template of %s: init, check, build", async (_what, name, file) => {
    const project = mkdtempSync(join(folder, "project-"));
    expect(await flake(["flake", "init", "-t", `path:${release}${name}`], project)).toMatchObject({
      status: 0,
    });
    const override = [
      "--override-input",
      "nix-voyager",
      `path:${release}`,
      "--no-write-lock-file",
      "--impure",
    ];
    const check = await flake(["flake", "check", "--print-build-logs", ...override], project);
    expect([check.status, check.status === 0 ? "" : check.stderr]).toEqual([0, ""]);
    const built = await flake(["build", ...override], project);
    expect([built.status, built.status === 0 ? "" : built.stderr]).toEqual([0, ""]);
    expect(readdirSync(join(project, "result"))).toContain(file);
    const jobs = await flake(
      ["build", "--no-link", ".#hydraJobs.x86_64-linux.release", ...override],
      project,
    );
    expect([jobs.status, jobs.status === 0 ? "" : jobs.stderr]).toEqual([0, ""]);
  });

  test("with the runtime as an input, evaluation is pure, as Hydra's of a flake is", async () => {
    const project = mkdtempSync(join(folder, "project-"));
    const runtime = await runtimePath();
    writeFileSync(
      join(project, "flake.nix"),
      `{
        inputs.nix-voyager.url = "path:${release}";
        inputs.runtime = { url = "path:${runtime}"; flake = false; };
        outputs = { nix-voyager, runtime, ... }: {
          hydraJobs = import (nix-voyager + "/release.nix") { inherit runtime; nixSystem = "x86_64-linux"; };
        };
      }`,
    );
    const names = ["--apply", "builtins.attrNames"];
    const evaluated = await flake(
      ["eval", "--json", ".#hydraJobs", ...names, "--no-write-lock-file"],
      project,
    );
    expect([evaluated.status, evaluated.status === 0 ? "" : evaluated.stderr]).toEqual([0, ""]);
    expect(JSON.parse(evaluated.stdout)).toEqual([
      "bcryptWheel",
      "channel",
      "examples",
      "release",
      "voyager",
    ]);
    const drv = [".#hydraJobs.release.drvPath", "--raw", "--no-write-lock-file"];
    expect((await flake(["eval", ...drv], project)).stdout).toMatch(/-nix-voyager-0\.1\.0\.drv$/);
  });

  test("its overlay is pkgs.voyager", async () => {
    const runtime = await runtimePath();
    const expression = `let
      flake = (import ${root}/flake.nix).outputs { };
      pkgs = { stdenv.hostPlatform.system = "x86_64-linux"; nodejs = { outPath = "${runtime}"; version = "24.0.0"; }; }
        // flake.overlays.default pkgs { };
    in { node = builtins.head pkgs.voyager.helper.command; names = builtins.attrNames pkgs.voyager.lib; }`;
    const { stdout } = await nix("nix-instantiate", ["--eval", "--strict", "--json", "--expr", expression]);
    const { node, names } = JSON.parse(stdout);
    expect(node).toBe(`${runtime}/bin/node`);
    expect(names).toEqual(expect.arrayContaining(["mkAggregate", "mkDockerBuild", "mkDockerWheel"]));
  });
});

describe("the command", () => {
  test("its manual page has every command, and man shows it without a complaint", async () => {
    const voyager = await buildAttribute("voyager");
    const shown = await inContainer(
      ["man-db"],
      `man --warnings=w -l /voyager/share/man/man1/voyager.1 2>&1 >/tmp/page | grep . && exit 1; cat /tmp/page`,
      [`${voyager}:/voyager:ro`],
    );
    const page = shown.replaceAll(/\s+/g, " ");
    const commands = [
      "build",
      "aggregate",
      "image bootstrap <system>",
      "environment prune",
      "lock [file]",
      "affected [path..]",
    ];
    for (const command of commands) expect(page).toContain(`voyager ${command}`);
    expect(page).toContain("--machines Also check a machines file");
    expect(page).toContain("81 a release is held back");
  });

  test("shells complete its commands and options", async () => {
    const voyager = await buildAttribute("voyager");
    const said = await inContainer(
      ["bash-completion", "zsh", "fish"],
      `export PATH=${voyager}/bin:$PATH
      bash -c '. ${voyager}/share/bash-completion/completions/voyager
        COMP_WORDS=(voyager af); COMP_CWORD=1; _voyager_yargs_completions; echo "bash: \${COMPREPLY[*]}"
        COMP_WORDS=(voyager doctor --mach); COMP_CWORD=2; _voyager_yargs_completions; echo "option: \${COMPREPLY[*]}"'
      zsh -c 'fpath=(${voyager}/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u; echo "zsh: $_comps[voyager]"'
      fish -c 'source ${voyager}/share/fish/vendor_completions.d/voyager.fish; echo "fish:" (complete -C "voyager sta")'`,
      ["/nix/store:/nix/store:ro"],
    );
    expect(said).toMatch(/^bash: affected$/m);
    expect(said).toMatch(/^option: --machines$/m);
    expect(said).toMatch(/^zsh: _voyager$/m);
    expect(said).toMatch(/^fish: .*stale/m);
  });
});

describe("the broker as a service", () => {
  /** The settings of a section of one of the units, as lines. */
  const settingsOf = (unit: string, section: string) => {
    const text = readFileSync(join(root, "setup/systemd", unit), "utf8");
    const lines = text.slice(text.indexOf(`[${section}]`), text.indexOf("[Install]")).split("\n");
    return lines.filter((line) => /^[A-Z]\w*=/.test(line)).sort();
  };
  const linesOf = (config: object) =>
    Object.entries(config)
      .map(([key, value]) => `${key}=${value}`)
      .sort();

  test("systemd has no complaint about the unit, and its first step brings the engine's settings", async () => {
    const voyager = await buildAttribute("voyager");
    const said = await inContainer(
      ["systemd"],
      `mkdir -p /etc/nix-voyager /run/nix-voyager; ln -s ${voyager} /etc/nix-voyager/voyager
      printf '[Unit]\\n[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/docker.service
      cp /unit/nix-voyager-broker.* /etc/systemd/system; groupadd nixbld
      systemd-analyze verify /etc/systemd/system/nix-voyager-broker.* 2>&1
      echo '{ "maxBuilds": 8 }' >/etc/nix-voyager/engine.json
      sh -c "$(sed -n 's/^ExecStartPre=-//p' /unit/nix-voyager-broker.service)"
      stat -c %a /run/nix-voyager/engine.json; cat /run/nix-voyager/engine.json`,
      ["/nix/store:/nix/store:ro", `${root}/setup/systemd:/unit:ro`],
    );
    expect(said).toBe('644\n{ "maxBuilds": 8 }');
  });

  test("the NixOS module starts it as the unit does", async () => {
    const { stdout, stderr } = await nix("nix-instantiate", [
      "--eval",
      "--strict",
      "--json",
      join(root, "tests/nixos/module.nix"),
    ]);
    expect(stderr).toBe("");
    const config = JSON.parse(stdout);
    const { ExecStart, ExecStartPre, ...service } =
      config.systemd.services["nix-voyager-broker"].serviceConfig;
    const settings = settingsOf("nix-voyager-broker.service", "Service");
    expect(linesOf(service)).toEqual(settings.filter((line) => !line.startsWith("ExecStart")));
    const { socketConfig } = config.systemd.sockets["nix-voyager-broker"];
    expect(linesOf(socketConfig)).toEqual(settingsOf("nix-voyager-broker.socket", "Socket"));
    expect(ExecStart).toBe("/voyager/bin/voyager --engine unix:///var/run/docker.sock broker");
    expect(ExecStartPre).toContain(
      '/install -m 0644 engine.json:{"maxBuilds":8} /run/nix-voyager/engine.json',
    );
    expect(config.environment.etc["nix-voyager/broker.json"].source).toBe('broker.json:{"systems":"any"}');
    expect(config.nix.settings["extra-system-features"]).toEqual(["docker"]);
  });
});
