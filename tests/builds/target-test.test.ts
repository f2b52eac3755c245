/**
 * mkDockerTest: the container has what the target has and no more, and what processes load beyond the
 * linkage report comes to light.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { type Loaded, loadedSchema } from "../../helper/src/linkage/loaded/loaded.ts";
import { report, reportFile, systemLibrary } from "../../helper/testing/reports.ts";
import { expectNothingLeft, mustBuild, nixBuild } from "../support/nix.ts";
import { must } from "../support/run.ts";

/** What a report of the program below says, as far as it matters here: no paths, which differ in time. */
const known = ["zlib1g", "libc6"].map((name) => ({ ...systemLibrary(name), path: null }));
const executable = { type: "executable" as const, interpreter: "/lib64/ld-linux-x86-64.so.2" };
const reported = report([reportFile("bin/opener", known, executable)], []);

/** A program that opens the library that it is told, and stays for as many microseconds. */
const opener = `reported = builtins.toFile "linkage.json" ${JSON.stringify(JSON.stringify(reported))};
opener = build {
  pname = "opener";
  systemBuildDependencies = [ "gcc" "libc6-dev" "zlib1g-dev" ];
  systemRunDependencies = [ "libc6" "zlib1g" ];
  buildScript = ''
    cat > opener.c <<'END'
    #include <dlfcn.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <unistd.h>
    #include <zlib.h>
    int main(int count, char **words) {
      if (count > 1 && !dlopen(words[1], RTLD_NOW)) { fprintf(stderr, "%s\\n", dlerror()); return 3; }
      if (count > 2) usleep(atoi(words[2]));
      puts(zlibVersion());
    }
    END
    mkdir -p $out/bin $out/nix-support
    cp \${reported} $out/nix-support/linkage.json
    gcc -O2 -o $out/bin/opener opener.c -lz
    $out/bin/opener libz.so
  '';
};`;

async function loadedBy(expression: string): Promise<Loaded & { output: string }> {
  const [output = ""] = await mustBuild(expression);
  const loaded = v.parse(
    loadedSchema,
    JSON.parse(readFileSync(join(output, "nix-support/loaded.json"), "utf8")),
  );
  return { ...loaded, output };
}

function library(loaded: Loaded, name: string) {
  return loaded.libraries.find(({ path }) => path.includes(`/${name}`));
}

async function failure(expression: string): Promise<string> {
  const { status, stderr } = await nixBuild(expression);
  expect(status).not.toBe(0);
  return stderr;
}

test("a short-lived program that opens a library beyond what it links to", async () => {
  const told = await loadedBy(`let ${opener} in targetTest {
    package = opener;
    script = ''
      opener libcrypt.so.1
      [ "$package" = \${opener} ] && [ "$packages" = "$package" ]
      if command -v gcc || [ -e /usr/include/zlib.h ]; then echo 'what built it is here' >&2; exit 1; fi
      if touch $package/x; then echo 'the package can be written to' >&2; exit 1; fi
      [ "$(ls /nix/store | grep -vc -e -voyager-)" = 2 ] || { ls /nix/store >&2; exit 1; }
    '';
  }`);
  expect(told.packages).toEqual(["opener-1"]);
  expect(library(told, "libcrypt.so")).toMatchObject({
    status: "unreported",
    package: "libcrypt1",
    how: "open",
    programs: ["opener-1/bin/opener"],
  });
  expect(told.reports).toBe(1);
  for (const name of ["libz.so", "libc.so.6", "ld-linux"]) {
    expect(library(told, name)).toMatchObject({ status: "reported" });
  }
  expect(library(told, "libtinfo.so")).toMatchObject({ status: "system", programs: ["/usr/bin/bash"] });
  // Nothing else of the test is kept alive by it, nor keeps it.
  expect(await must("nix-store", ["--query", "--references", told.output])).not.toContain("opener-1\n");
  expect(readFileSync(join(told.output, "loaded.txt"), "utf8")).toMatch(
    /^not reported\n-+\n(.+\n)+.*libcrypt/m,
  );
});

test("programs that the loader writes nothing of are seen while they run; and can fail the test", async () => {
  const message = await failure(`let ${opener} in targetTest {
    package = opener;
    unreported = "fail";
    script = "env -i $package/bin/opener libcrypt.so.1 400000";
  }`);
  expect(message).toContain("opener-test-1 loaded libraries that no linkage report has");
  expect(message).toMatch(/libcrypt\.so\.1\S* +libcrypt1 \S+ +mapped +opener-1\/bin\/opener/);
  const seen = await loadedBy(`let ${opener} in targetTest {
    package = opener;
    observe = "maps";
    script = ''
      if env | grep LD_DEBUG; then exit 1; fi
      opener libcrypt.so.1 400000
    '';
  }`);
  expect(library(seen, "libcrypt.so")).toMatchObject({ status: "unreported", how: "map" });
});

test("a program that needs a file of a development package works where it was built only", async () => {
  const message = await failure(
    `let ${opener} in targetTest { package = opener; script = "opener libz.so"; }`,
  );
  expect(message).toContain("the test script of opener-test-1 failed with exit code 3");
  expect(message).toContain("libz.so: cannot open shared object file");
});

test("the same program on another system", async () => {
  const loaded = await loadedBy(`let ${opener} in targetTest {
    package = opener;
    system = systems.debian13;
    systemRunDependencies = [ "zlib1g" ];
    script = "opener; grep -q trixie /etc/os-release";
  }`);
  expect(loaded.system).toBe("debian13");
  expect(library(loaded, "libz.so")).toMatchObject({ status: "reported", package: "zlib1g" });
});

const sources = mkdtempSync(join(tmpdir(), "voyager-wheels-"));
chmodSync(sources, 0o755); // evaluation may be another user's
afterAll(() => rmSync(sources, { recursive: true }));

/** A wheel of one module, with a program of its name that calls the module's main. */
function module(name: string, content: string): string {
  const folder = join(sources, name);
  mkdirSync(folder);
  const scripts = `{"console_scripts": ["${name}=${name}:main"]}`;
  const setup = `setup(name="${name}", version="2", py_modules=["${name}"], entry_points=${scripts})`;
  writeFileSync(join(folder, "setup.py"), `from setuptools import setup\n${setup}\n`);
  writeFileSync(join(folder, `${name}.py`), content);
  return `wheel { pname = "${name}"; version = "2"; src = ${folder}; }`;
}

test("wheels are installed with their programs; what Python opens by name is told", async () => {
  const crypt = 'ctypes.CDLL("libcrypt.so.1")';
  const greet = module("greet", `import ctypes\n\ndef main():\n    ${crypt}\n    print("greetings")\n`);
  const hello = module("hello", "from greet import main\n");
  const tested = (dependencies: string) => `targetTest {
    package = ${hello};
    pythonDependencies = [ ${dependencies} ];
    script = ''
      hello | grep greetings
      python3 -c 'import importlib.metadata as m; assert m.version("hello") == m.version("greet") == "2"'
      cat > "$junit" <<'END'
    <testsuite name="hand" time="1.5"><testcase name="a" time="1.5"/></testsuite>
    END
    '';
  }`;
  const loaded = await loadedBy(tested(`(${greet})`));
  expect(library(loaded, "libcrypt.so")).toMatchObject({ status: "unreported", how: "open" });
  expect(library(loaded, "_ctypes.cpython")).toMatchObject({ status: "system" });
  const junit = readFileSync(join(loaded.output, "junit.xml"), "utf8");
  expect(junit.trim()).toBe('<testsuite name="hand"><testcase name="a"/></testsuite>');
  const products = readFileSync(join(loaded.output, "nix-support/hydra-build-products"), "utf8");
  expect(products).toContain(`report junit "${loaded.output}/junit.xml"`);
  expect(await failure(tested(""))).toContain("No module named 'greet'");
});

test("a wheel that imports what only its build had", async () => {
  const message = await failure(`targetTest {
    package = ${module("needy", "import setuptools\n")};
    script = "python3 -c 'import needy'";
  }`);
  expect(message).toContain("No module named 'setuptools'");
});

test("a wheel that is not for the system's Python", async () => {
  const message = await failure(`targetTest {
    package = voyager.examples.bcrypt;
    system = systems.debian13;
    script = "true";
  }`);
  expect(message).toMatch(
    /bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl' does not fit this Python \(cpython-313/,
  );
});

test("a test that fails and is kept leaves what it found, and says that it failed", async () => {
  const kept = (script: string, more = "") =>
    loadedBy(`let ${opener} in targetTest {
    package = opener;
    keepFailed = true;
    ${more}
    script = ''${script}'';
  }`);
  const junit = "<testsuite><testcase><failure/></testcase></testsuite>";
  const loaded = await kept(
    `printf '%s' '${junit}' > "$junit"; opener libcrypt.so.1; echo kept > $out/own; exit 3`,
  );
  const read = (name: string) => readFileSync(join(loaded.output, name), "utf8");
  expect(read("nix-support/failed")).toBe(
    "the test script of opener-test-1 failed with exit code 3\nopener-test-1: the JUnit file tells of failed tests\n",
  );
  expect([read("junit.xml"), read("own")]).toEqual([junit, "kept\n"]);
  expect(library(loaded, "libcrypt.so")).toMatchObject({ status: "unreported" });
  expect(read("nix-support/hydra-metrics")).toMatch(/^junit.failures 1$/m);
  expect(read("nix-support/hydra-build-products")).toContain(`report junit "${loaded.output}/junit.xml"`);

  const unreported = await kept("opener libcrypt.so.1", 'unreported = "fail";');
  expect(readFileSync(join(unreported.output, "nix-support/failed"), "utf8")).toBe(
    "opener-test-1 loaded libraries that no linkage report has\n",
  );
  const well = await kept("opener");
  expect(existsSync(join(well.output, "nix-support/failed"))).toBe(false);
});

test("a JUnit file that tells of failures fails a script that does not; one that is none, too", async () => {
  const written = (text: string) => `let ${opener} in targetTest {
    package = opener;
    script = ''printf '%s' '${text}' > "$junit"'';
  }`;
  const failed = await failure(written("<testsuite><testcase><failure/></testcase></testsuite>"));
  expect(failed).toContain("opener-test-1: the JUnit file tells of failed tests");
  expect(failed).toContain("1 failures and 0 errors");
  expect(await failure(written("passed"))).toContain("wrote a JUnit file that cannot be read");
});

afterAll(() => expectNothingLeft());
