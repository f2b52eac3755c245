/** Bad input: each ends with a message that says what to do, a status that is not 0, and nothing left. */
import { existsSync, lstatSync } from "node:fs";
import { expectNothingLeft, nixBuild } from "../support/nix.ts";

/** Builds what must fail; resolves with what the user reads. */
async function failure(expression: string, args: string[] = []): Promise<string> {
  const { status, stderr, stdout } = await nixBuild(expression, args);
  expect(status).not.toBe(0);
  expect(stdout).toBe("");
  const output = /\$out is (\/nix\/store\/\S+),/.exec(stderr)?.[1];
  if (output) expect(existsSync(output)).toBe(false);
  return stderr;
}

afterEach(() => expectNothingLeft());

test("a script that fails: its exit code, its last 20 lines, and how to look inside", async () => {
  const message = await failure(
    `build { pname = "failing"; buildScript = "for i in $(seq 1 40); do echo line $i; done; exit 7"; }`,
  );
  expect(message).toContain("the build script of failing-1 failed with exit code 7");
  expect(message).toMatch(/why: {4}line 21\n.*line 22\n/);
  expect(message).not.toMatch(/why: {4}line 20\n/);
  expect(message).toContain("nix-build --keep-failed");
  expect(message).toContain("voyager shell");
  expect(message).toMatch(/builder for '.*failing-1.drv' failed with exit code 1/);
});

test("the first failing command ends the script, also in a pipe", async () => {
  const message = await failure(`build { buildScript = "false | cat; echo went on; touch $out/x"; }`);
  expect(message).toContain("failed with exit code 1");
  expect(message).not.toContain("went on");
});

test("a script that a signal ends", async () => {
  const message = await failure(`build { buildScript = "kill -SEGV $$"; }`);
  expect(message).toContain("was killed by SIGSEGV");
  expect(message).toContain("failed with exit code 75");
});

test("a script that needs more memory than its limit", async () => {
  const message = await failure(`build {
    limits.memory = "64M";
    buildScript = ''
      x=$(head -c 200000000 /dev/zero | tr '\\0' x)
      touch $out/x
    '';
  }`);
  expect(message).toContain("test-1 needs more memory than its limit of 64 MiB");
  expect(message).toContain("raise limits.memory");
});

test("a script that starts more processes than its limit", async () => {
  const message = await failure(`build {
    limits.pids = 32;
    buildScript = ''
      for i in $(seq 1 100); do sleep 5 & done
      wait; touch $out/x
    '';
  }`);
  expect(message).toMatch(/fork: (retry: )?Resource temporarily unavailable/);
});

test("no output", async () => {
  const message = await failure(`build { buildScript = "true"; }`);
  expect(message).toContain("the build script left nothing in output 'out'");
  expect(message).toContain("install into $out");
});

test("one of two outputs left empty", async () => {
  const message = await failure(`build { outputs = [ "out" "dev" ]; buildScript = "touch $out/x"; }`);
  expect(message).toContain("left nothing in output 'dev'");
});

test("an output with a FIFO", async () => {
  const message = await failure(`build { buildScript = "mkdir $out/deep; mkfifo $out/deep/pipe"; }`);
  expect(message).toMatch(/a FIFO|is a FIFO/);
  expect(message).toContain("deep/pipe");
});

test("an output with a setuid file", async () => {
  const message = await failure(`build { buildScript = "touch $out/su; chmod 4755 $out/su"; }`);
  expect(message).toContain("setuid");
  expect(message).toMatch(/out.*\/su|-test-1\/su/);
});

test("a device node cannot even be made", async () => {
  const message = await failure(`build { buildScript = "mknod $out/null c 1 3"; }`);
  expect(message).toContain("Operation not permitted");
});

test("a source that is neither archive nor folder", async () => {
  const message = await failure(`build {
    src = builtins.toFile "source.tar.gz" "not an archive";
    buildScript = "touch $out/x";
  }`);
  expect(message).toMatch(/source '.*-source.tar.gz' is neither an archive .* nor a folder/);
});

test("a patch that does not apply is named", async () => {
  const message = await failure(`build {
    src = ${process.cwd()}/examples/c-program/source;
    patches = [ (builtins.toFile "wrong.patch" "--- a/nothing\\n+++ b/nothing\\n@@ -1 +1 @@\\n-a\\n+b\\n") ];
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("wrong.patch");
});

/** A source whose build backend makes as many wheels as are named. */
function backend(wheels: string[]): string {
  const source = `
import os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    for name in ${JSON.stringify(wheels)}:
        with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
            archive.writestr("demo-1.dist-info/WHEEL", "Wheel-Version: 1.0\\\\nTag: py3-none-any\\\\n")
            archive.writestr("demo-1.dist-info/METADATA", "Metadata-Version: 2.1\\\\nName: demo\\\\nVersion: 1\\\\n")
            archive.writestr("demo-1.dist-info/RECORD", "")
    return ${JSON.stringify(wheels[0] ?? "missing-1-py3-none-any.whl")}
`;
  const project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n';
  const file = (name: string, text: string) =>
    `cp \${builtins.toFile "${name}" ${nixString(text)}} $out/${name}`;
  return `build { pname = "demo-source"; buildScript = ''${file("pyproject.toml", project)}
    ${file("backend.py", source)}''; }`;
}

/** Text as a Nix string. */
function nixString(text: string): string {
  return `"${text
    .replaceAll("\\\\n", "\\n")
    .replaceAll(/["\\$]/g, "\\$&")
    .replaceAll("\n", "\\n")}"`;
}

test("a backend that makes no wheel", async () => {
  const message = await failure(`wheel { pname = "demo"; src = ${backend([])}; }`);
  expect(message).toMatch(/nix-voyager: expected one wheel, but the build backend made none/);
});

test("a backend that makes two wheels", async () => {
  const two = ["demo-1-py3-none-any.whl", "demo-2-py3-none-any.whl"];
  const message = await failure(`wheel { pname = "demo"; src = ${backend(two)}; }`);
  expect(message).toMatch(/nix-voyager: expected one wheel, but .*2/);
});

test("an output that is read-only is none the less complete, or gone", async () => {
  const { status, stdout } = await nixBuild(
    `build { pname = "closed"; buildScript = "touch $out/x; chmod 555 $out"; }`,
  );
  expect(status).toBe(0);
  expect(existsSync(`${stdout.trim()}/nix-support/environment.json`)).toBe(true);
});

test("links in nix-support lead the helper nowhere", async () => {
  const { status, stdout } = await nixBuild(`build {
    pname = "links";
    buildScript = "mkdir $out/nix-support; ln -s /build/victim $out/nix-support/environment.json";
  }`);
  expect(status).toBe(0);
  const record = lstatSync(`${stdout.trim()}/nix-support/environment.json`);
  expect(record.isFile()).toBe(true);
  const message = await failure(`build { buildScript = "ln -s /build $out/nix-support"; }`);
  expect(message).toContain("nix-support is not a folder");
});

test("a mark that apt reads as 'remove' is no package name", async () => {
  const message = await failure(
    `build { systemBuildDependencies = [ "tzdata-" ]; buildScript = "touch $out/x"; }`,
  );
  expect(message).toContain("the name of a system package");
});

test("a name that is no package is not taken for a pattern", async () => {
  const message = await failure(
    `build { systemBuildDependencies = [ "gcc-1." ]; buildScript = "touch $out/x"; }`,
  );
  expect(message).toMatch(/the name of a system package|has no system package/);
});

test("an output that would hide the source is refused", async () => {
  const message = await failure(`build { outputs = [ "out" "src" ]; buildScript = "touch $out/x"; }`);
  expect(message).toContain("a list of different output names");
});

test("a Hydra product that matches no file", async () => {
  const message = await failure(`build {
    hydraProducts = [ { type = "file"; subtype = "binary-dist"; pattern = "*.tar"; } ];
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("no file matches the Hydra product '*.tar'");
});
