/**
 * From a requirements file to an application that serves: wheels compiled against the system, a virtual
 * environment of them, and a target that has the system's packages and the environment, nothing else.
 */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../helper/src/linkage/report.ts";
import {
  evaluate,
  expectNothingLeft,
  mustBuild,
  nixBuild,
  root,
  transfer,
  voyagerCommand,
} from "./support/nix.ts";
import { must, run } from "./support/run.ts";
import { type Machine, startMachine, targetImage } from "./support/target.ts";

const example = `(voyager.examples.web-application.override { transfer = "${transfer}"; })`;
/** The projects of the example that have code to compile, and what that links to beside the C library. */
const compiled: Record<string, string[]> = {
  bcrypt: [],
  cffi: ["libffi.so.8"],
  markupsafe: [],
  psutil: [],
  yaml: ["libyaml-0.so.2"],
};

let environment: string;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "voyager-virtualenv-"));
  chmodSync(folder, 0o755); // evaluation may be another user's
  [environment = ""] = await mustBuild(example);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await expectNothingLeft();
});

describe("on a target with the packages that the environment declares, and without a network", () => {
  let target: Machine;
  beforeAll(async () => {
    const packages = (await evaluate(`${example}.voyager.systemRunDependencies`)) as string[];
    expect(packages).toEqual(["libc6", "libffi8", "libyaml-0-2", "python3"]);
    const closure = (await must("nix-store", ["--query", "--requisites", environment])).split("\n");
    // Nothing that built it comes along.
    expect(closure).toEqual([environment]);
    target = await startMachine(await targetImage(packages), closure, false);
  });
  afterAll(() => target.remove());

  test("the application serves its page, to those who know the password", async () => {
    const board = "title: Notices\\nnotices: [Tea <at> five]\\npassword: ";
    await target.must(`
      hash=$(${environment}/bin/python -c 'import bcrypt; print(bcrypt.hashpw(b"sesame", bcrypt.gensalt(4)).decode())')
      printf '${board}%s\\n' "$hash" > /tmp/board.yaml
      ${environment}/bin/noticeboard /tmp/board.yaml 8080 > /tmp/log 2>&1 &
    `);
    const ask = (query: string) =>
      target.run(`python3 - <<'END'
import time, urllib.error, urllib.request
for _ in range(50):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8080/${query}").read().decode())
        break
    except urllib.error.HTTPError as error:
        print(error.code)
        break
    except urllib.error.URLError:
        time.sleep(0.2)
END`);
    const served = await ask("?password=sesame");
    expect(served.stdout).toContain("<title>Notices</title>");
    expect(served.stdout).toContain("<li>Tea &lt;at&gt; five</li>");
    expect((await ask("?password=wrong")).stdout).toBe("403\n");
  });

  test("its interpreter is the system's, and all that it imports is the environment's or the system's", async () => {
    const script = `import sys, yaml._yaml, markupsafe._speedups, psutil, bcrypt, _cffi_backend
print(sys.prefix, sys.base_prefix, yaml.__with_libyaml__)
print([m.__name__ for m in list(sys.modules.values()) if getattr(m, "__file__", None) and not m.__file__.startswith((sys.prefix, "/usr/lib/python3"))])
print([path for path in sys.path if "dist-packages" in path])`;
    const output = await target.must(`${environment}/bin/python -c '${script}'`);
    expect(output).toBe(`${environment} /usr True\n[]\n[]`);
    expect(await target.must(`readlink -f ${environment}/bin/python3`)).toBe("/usr/bin/python3.11");
  });

  test("a shell that activates it finds its programs, and there is no pip", async () => {
    const output = await target.must(
      `bash -c '. ${environment}/bin/activate; command -v flask; flask --version'`,
    );
    expect(output).toContain(`${environment}/bin/flask\n`);
    expect(output).toContain("Flask 3.0.3");
    expect((await target.run(`${environment}/bin/python -m pip`)).stderr).toContain("No module named pip");
    expect(readdirSync(join(environment, "bin"))).not.toContain("pip");
  });

  test("what it needs of the target is told, and is there", async () => {
    const { status, stdout } = await target.run(`${environment}/nix-support/verify`);
    expect([status, stdout]).toEqual([0, expect.anything()]);
  });
});

test("its compiled parts link to the system only", () => {
  const report = JSON.parse(readFileSync(join(environment, "nix-support/linkage.json"), "utf8")) as Report;
  expect(report).toMatchObject({ verdict: "pass", problems: [] });
  const site = "lib/python3.11/site-packages";
  for (const [project, libraries] of Object.entries(compiled)) {
    const own = report.files.filter(({ path }) =>
      path.startsWith(`${site}/${project === "cffi" ? "_cffi" : project}`),
    );
    expect([project, own.length > 0]).toEqual([project, true]);
    const needed = own.flatMap((file) => file.needed);
    expect(needed.map(({ soname }) => soname)).toEqual(expect.arrayContaining(libraries));
    for (const { provider } of needed) expect(provider.kind).toBe("system");
  }
  const yaml = report.files.flatMap((file) => file.needed).find(({ soname }) => soname === "libyaml-0.so.2");
  expect(yaml?.provider.package).toBe("libyaml-0-2");
});

test("it is made of more than a dozen pinned packages, five of them compiled", async () => {
  const wheels = (await evaluate(
    `builtins.mapAttrs (_: wheel: wheel.voyager.kind) ${example}.wheels`,
  )) as Record<string, string>;
  expect(Object.keys(wheels).length).toBeGreaterThanOrEqual(12);
  const built = Object.keys(wheels).filter((name) => wheels[name] === "wheel");
  expect(built).toEqual(["bcrypt", "cffi", "markupsafe", "psutil", "pyyaml"]);
});

test("made again it has the same bits", async () => {
  const again = await nixBuild(example, ["--check"]);
  expect([again.status, again.status === 0 ? "" : again.stderr]).toEqual([0, ""]);
});

test("fetched requirements are a folder as pip's --find-links takes it", async () => {
  const [links = ""] = await mustBuild(`fetchRequirements ${root}/examples/web-application/requirements.txt`);
  const names = readdirSync(links);
  expect(names).toEqual(expect.arrayContaining(["bcrypt-3.2.2.tar.gz", "flask-3.0.3-py3-none-any.whl"]));
  expect(names.filter((name) => /linux|cp3/.test(name))).toEqual([]);
});

test("it can be tested as any package", async () => {
  await mustBuild(
    `targetTest { package = ${example}; script = "flask --version; python -c 'import yaml._yaml'"; }`,
  );
});

describe("what goes wrong is told by name", () => {
  const six = "1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926";
  const sixWheel = "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254";
  let count = 0;

  function file(text: string): string {
    const path = join(folder, `requirements-${count++}.txt`);
    writeFileSync(path, text);
    return path;
  }
  async function failure(expression: string): Promise<string> {
    const { status, stderr } = await nixBuild(expression);
    expect(status).not.toBe(0);
    return stderr;
  }
  const fetching = (text: string) => failure(`fetchRequirements ${file(text)}`);

  test("a requirement without a hash, and one that is not pinned", async () => {
    const message = await fetching(`six==1.16.0\nclick>=8 --hash=sha256:${six}\n`);
    expect(message).toMatch(/fetchRequirements: requirements-\d+\.txt cannot be fetched:/);
    expect(message).toContain("line 1: 'six' has no hash");
    expect(message).toContain("line 2: 'click' is not pinned to one version");
  });

  test("a wrong hash: the file's name and both hashes", async () => {
    const message = await fetching(`six==1.16.0 --hash=sha256:${"0".repeat(64)}\n`);
    expect(message).toMatch(/hash mismatch in fixed-output derivation '.*-six-1\.16\.0\.tar\.gz\.drv'/);
    expect(message).toContain("sha256-HmHDdHehYmRY4297HYKqXJsJT6SAKJIHLknenGDEySY=");
  });

  test("the hash of another file of the same version", async () => {
    const message = await fetching(`six==1.16.0 --hash=sha256:${sixWheel}\n`);
    expect(message).toContain(
      "the hash given for six 1.16.0 is that of six-1.16.0-py2.py3-none-any.whl, not of six-1.16.0.tar.gz",
    );
  });

  test("a requirement of a wheel that no wheel meets", async () => {
    const message = await failure(`virtualenv {
      wheels = builtins.removeAttrs ${example}.wheels [ "itsdangerous" "jinja2" ];
    }`);
    expect(message).toContain(
      "requirement 'itsdangerous>=2.1.2' (of flask) is not installed; add a wheel of itsdangerous to wheels",
    );
    expect(message).toContain("requirement 'Jinja2>=3.1.2' (of flask) is not installed");
  });

  test("two wheels of one project", async () => {
    const message = await failure(`virtualenv { wheels = with ${example}.wheels; [ six six ]; }`);
    expect(message).toContain("there are two wheels of 'six'");
  });

  test("a wheel of another interpreter", async () => {
    const wheel = join(folder, "demo-1.0-cp39-cp39-linux_x86_64.whl");
    const script = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("demo-1.0.dist-info/WHEEL", "Tag: cp39-cp39-linux_x86_64\\n")
    wheel.writestr("demo-1.0.dist-info/METADATA", "Name: demo\\nVersion: 1.0\\n")`;
    await must("python3", ["-c", script, wheel]);
    const message = await failure(`virtualenv { wheels = [ ${wheel} ]; }`);
    expect(message).toMatch(/demo-1\.0-cp39-cp39-linux_x86_64\.whl' does not fit this Python \(cpython-311/);
  });

  test("an sdist among the wheels", async () => {
    const message = await failure(
      `virtualenv { wheels = (fetchRequirements ${file(`six==1.16.0 --hash=sha256:${six}\n`)}).sdists; }`,
    );
    expect(message).toMatch(/six-1\.16\.0\.tar\.gz' is no wheel; .* build it with mkDockerWheel/);
  });

  test("an environment without a library of the system that a wheel links to", async () => {
    const message = await failure(`virtualenv {
      wheels = [ (${example}.wheels.pyyaml.override { systemRunDependencies = null; }) ];
    }`);
    expect(message).toContain("libyaml-0.so.2");
    expect(message).toContain("failed with exit code 77");
  });

  describe("voyager requirements", () => {
    const all = (version: string) =>
      `six==${version} \\\n    --hash=sha256:${six} \\\n    --hash=sha256:${sixWheel}\n`;
    let voyager: string;
    beforeAll(async () => {
      voyager = await voyagerCommand();
    });

    test("leaves one file of each requirement, which can then be fetched", async () => {
      const given = file(
        `# from pip-compile\n${all("1.16.0")}colorama==0.4.6 ; sys_platform == "win32" --hash=sha256:${six}\n`,
      );
      expect(await fetching(readFileSync(given, "utf8"))).toContain(
        "'six' has 2 hashes, and Nix must know beforehand",
      );
      const pinned = join(folder, "pinned.txt");
      expect(await run(voyager, ["requirements", given, "--output", pinned])).toMatchObject({ status: 0 });
      expect(readFileSync(pinned, "utf8")).toBe(`# from pip-compile
six==1.16.0 \\
    --hash=sha256:${sixWheel}  # six-1.16.0-py2.py3-none-any.whl
# colorama==0.4.6 ; sys_platform == "win32": not for this Python and system
`);
      const [links = ""] = await mustBuild(`fetchRequirements ${pinned}`);
      expect(readdirSync(links)).toEqual(["six-1.16.0-py2.py3-none-any.whl"]);
    });

    test("says what is wrong, line by line, and writes nothing", async () => {
      const given = file(`six==1.16.0\n${all("99.0")}`);
      const pinned = join(folder, "not-pinned.txt");
      const { status, stderr } = await run(voyager, ["requirements", given, "-o", pinned]);
      expect(status).toBe(66);
      expect(stderr).toContain("line 1: 'six' has no hash");
      expect(stderr).toContain("line 2: six 99.0 is not on the index");
      expect(existsSync(pinned)).toBe(false);
    });
  });
});
