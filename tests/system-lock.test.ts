/** The system lock: made, kept, obeyed whatever the mirror and the engine have since become. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SystemLock } from "../helper/src/environment/lock/lock-file.ts";
import { expectNothingLeft, nix, root, runId, transfer, voyagerCommand } from "./support/nix.ts";
import { makeRepository, type TestPackage, type TestRepository } from "./support/repository.ts";
import { must, type Result, run } from "./support/run.ts";
import { baseImage } from "./support/target.ts";

const systemName = `test-lock-${runId}`;
/** The base image of the system, by a name that can be given to another image. */
const baseTag = `voyager-test/lock-base:${runId}`;
const repositories: TestRepository[] = [];
let voyager: string;
let folder: string;

beforeAll(async () => {
  voyager = await voyagerCommand();
  folder = mkdtempSync(join(tmpdir(), "voyager-lock-"));
  await must("docker", ["tag", await baseImage(), baseTag]);
});

afterAll(async () => {
  for (const repository of repositories) repository.remove();
  rmSync(folder, { recursive: true, force: true });
  await expectNothingLeft();
  await removeEnvironments();
  await run("docker", ["rmi", "--force", baseTag]);
});

/** Removes what this test has made on the engine: as if it were another engine. */
async function removeEnvironments(): Promise<void> {
  const filter = ["--filter", `label=nix-voyager.system=${systemName}`];
  const ids = (await must("docker", ["images", "--quiet", "--no-trunc", ...filter])).split("\n");
  for (const id of ids.filter((one) => one !== "")) await run("docker", ["rmi", "--force", id]);
}

const greeting = (version: string): TestPackage => ({
  name: "voyager-greeting",
  version,
  files: { "usr/share/greeting": `hello ${version}\n` },
});

function repositoryOf(...packages: TestPackage[]): TestRepository {
  const repository = makeRepository(packages);
  repositories.push(repository);
  return repository;
}

/** A system that knows this repository and no other, so that the tests need no network. */
function systemOf({ setup, uri, key }: TestRepository): string {
  return `(voyager.lib.systems.debian12.override {
    name = "${systemName}";
    image = "${baseTag}";
    setup = ''
      rm -f /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources
      ls /sys/class/net > /srv/interfaces
      ${setup}
    '';
    keys.test = ${key};
    repositories = [ { name = "test"; uri = "${uri}"; suites = [ "./" ]; key = "test"; } ];
  })`;
}

/** Writes an expression with one build. */
function declare(
  name: string,
  system: string,
  packages: string[],
  systemLock: string,
  script: string,
): string {
  const file = join(folder, `${name}.nix`);
  writeFileSync(
    file,
    `let voyager = import ${root} { }; in {
      ${name} = voyager.lib.mkDockerBuild {
        pname = "${name}"; version = "1"; transfer = "${transfer}"; system = ${system};
        systemBuildDependencies = [ ${packages.map((one) => `"${one}"`).join(" ")} ];
        systemLock = ${systemLock};
        env.TEST_RUN = "${runId}";
        buildScript = "${script}";
      };
    }\n`,
  );
  return file;
}

const build = (file: string): Promise<Result> => nix("nix-build", ["--no-out-link", file]);

async function mustBuild(file: string): Promise<string> {
  const result = await build(file);
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout.trim();
}

async function mustLock(file: string, ...args: string[]): Promise<string> {
  const name = file.replace(/.*\/(.*)\.nix$/, "$1");
  const result = await run(voyager, ["lock", file, "--attr", name, ...args]);
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout + result.stderr;
}

const readLock = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as SystemLock;
const environmentOf = (path: string) => readFileSync(join(path, "nix-support/environment.json"), "utf8");

describe("a package of which the mirror then has another version", () => {
  const copyGreeting = "cp /usr/share/greeting /srv/interfaces $out";
  const lockFile = "greeting.system.lock.json";
  let old: string;
  let now: string;

  beforeAll(async () => {
    old = systemOf(repositoryOf(greeting("1.0")));
    now = systemOf(repositoryOf(greeting("1:2.0")));
    const file = declare("greeting", old, ["voyager-greeting"], `./${lockFile}`, copyGreeting);
    await mustLock(file, "--fetch", join(folder, "debs"));
    cpSync(join(folder, lockFile), join(folder, "kept.json"));
  });

  test("the lock says what, from where, with which hash", () => {
    const lock = readLock(lockFile);
    expect(lock).toMatchObject({
      schema: "voyager-system-lock/1",
      system: systemName,
      osRelease: { ID: "debian", VERSION_ID: "12" },
      requested: ["voyager-greeting"],
      repositories: { test: { uri: "file:/srv/test", suites: ["./"], components: [] } },
    });
    const [one] = lock.packages.filter(({ name }) => name === "voyager-greeting");
    const [deb = ""] = readdirSync(join(folder, "debs"));
    expect(deb).toBe(`voyager-greeting_1.0_all.${one?.sha256?.slice(0, 16)}.deb`);
    expect(one).toEqual({
      name: "voyager-greeting",
      version: "1.0",
      arch: "all",
      source: "voyager-greeting",
      repository: "test",
      file: "voyager-greeting.deb",
      size: readFileSync(join(folder, "debs", deb)).length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("with packages that were kept, the locked version is installed, without network", async () => {
    const lock = `{ file = ./${lockFile}; packages = ./debs; }`;
    const out = await mustBuild(declare("kept", now, ["voyager-greeting"], lock, copyGreeting));
    expect(readFileSync(join(out, "greeting"), "utf8")).toBe("hello 1.0\n");
    expect(readFileSync(join(out, "interfaces"), "utf8")).toBe("lo\n");
  });

  test("without them, the error names the version that is gone and what is there", async () => {
    await removeEnvironments();
    const result = await build(declare("gone", now, ["voyager-greeting"], `./${lockFile}`, copyGreeting));
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain(`the system lock of ${systemName} cannot be installed`);
    expect(result.stderr).toContain("the mirror no longer has voyager-greeting 1.0; it has 1:2.0");
    expect(result.stderr).toContain("voyager lock --update");
    expect(result.stderr).toContain("failed with exit code 73");
  });

  test("the environment that is there is used, however old, and asks no mirror", async () => {
    await mustBuild(declare("before", old, ["voyager-greeting"], `./${lockFile}`, "touch $out/x"));
    const file = declare("again", old, ["voyager-greeting"], `./${lockFile}`, "touch $out/y");
    expect((await build(file)).stderr).toMatch(/locked: reused/);
  });

  test("--check tells it beforehand, and passes where nothing is gone", async () => {
    const check = (system: string) => {
      declare("check", system, ["voyager-greeting"], `./${lockFile}`, copyGreeting);
      return run(voyager, ["lock", join(folder, "check.nix"), "-A", "check", "--check"]);
    };
    expect(await check(old)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("the mirror has all"),
    });
    const missing = await check(now);
    expect(missing.status).toBe(73);
    expect(missing.stderr).toContain("no longer has voyager-greeting 1.0; it has 1:2.0");
  });

  test("--update takes the new version and says what changed; without it a lock that fits stays", async () => {
    const file = declare("update", now, ["voyager-greeting"], `./${lockFile}`, copyGreeting);
    expect(await mustLock(file)).toContain("has all that is asked for");
    expect(readLock(lockFile)).toEqual(readLock("kept.json"));
    expect(await mustLock(file, "--update")).toMatch(/voyager-greeting:all +1\.0 +1:2\.0/);
    const out = await mustBuild(file);
    expect(readFileSync(join(out, "greeting"), "utf8")).toBe("hello 1:2.0\n");
  });

  test("a package file that was tampered with is refused by its hash", async () => {
    await removeEnvironments();
    cpSync(join(folder, "debs"), join(folder, "tampered"), { recursive: true });
    const [deb = ""] = readdirSync(join(folder, "tampered"));
    appendFileSync(join(folder, "tampered", deb), "more");
    const lock = "{ file = ./kept.json; packages = ./tampered; }";
    const result = await build(declare("tampered", old, ["voyager-greeting"], lock, copyGreeting));
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain(`packages of ${systemName} are not what the system lock says`);
    expect(result.stderr).toMatch(
      /voyager-greeting_1\.0_all\.[0-9a-f]{16}\.deb has the hash [0-9a-f]{64}, the lock has/,
    );
  });

  test("the same version with another content in the repository is refused, too", async () => {
    const other = repositoryOf({ ...greeting("1.0"), files: { "usr/share/greeting": "evil\n" } });
    const result = await build(
      declare("changed", systemOf(other), ["voyager-greeting"], "./kept.json", copyGreeting),
    );
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain(`the mirror has other packages than the system lock of ${systemName}`);
    expect(result.stderr).toMatch(/voyager-greeting 1\.0 has the hash/);
  });

  test("a folder without the package, and a build that asks for more", async () => {
    mkdirSync(join(folder, "empty"));
    await removeEnvironments();
    const lock = "{ file = ./kept.json; packages = ./empty; }";
    const missing = await build(declare("missing", old, ["voyager-greeting"], lock, copyGreeting));
    expect(missing.stderr).toContain("prefetched packages of");
    expect(missing.stderr).toContain("voyager-greeting_1.0_all.");
    const more = await build(declare("more", old, ["voyager-greeting", "make"], "./kept.json", copyGreeting));
    expect(more.stderr).toMatch(
      /the system lock .*kept\.json does not have 'make'; run `voyager lock` again/,
    );
  });
});

describe("what the command refuses", () => {
  const plain = "voyager.lib.systems.debian12";
  const lock = async (name: string, ...args: string[]) => {
    const result = await run(voyager, ["lock", join(folder, `${name}.nix`), ...args]);
    return { status: result.status, message: result.stderr };
  };

  test("a build that does not say where its lock is", async () => {
    declare("nowhere", plain, ["gcc"], "null", "true");
    const { status, message } = await lock("nowhere", "-A", "nowhere");
    expect(status).toBe(64);
    expect(message).toContain("it is not said where the lock is");
    expect(message).toContain("--output");
  });

  test("what is no build, with what Nix says of it", async () => {
    const { status, message } = await lock("nowhere", "-A", "somewhere");
    expect(status).toBe(64);
    expect(message).toContain("cannot be evaluated as a build");
    expect(message).toContain("attribute 'somewhere' in selection path 'somewhere.systemLock' not found");
  });

  test("to write over the lock of another system, or to read what is no lock", async () => {
    cpSync(join(root, "tests/docs/hello.system.lock.json"), join(folder, "other.json"));
    declare("other", "voyager.lib.systems.debian13", ["gcc"], "./other.json", "true");
    expect((await lock("other", "-A", "other")).message).toContain("is a lock of debian12, not of debian13");
    writeFileSync(join(folder, "other.json"), "<<<<<<< ours\n");
    const { status, message } = await lock("other", "-A", "other");
    expect(status).toBe(65);
    expect(message).toMatch(/cannot read the system lock .*other\.json/);
    expect(message).toContain("voyager lock --update");
  });

  test("builds of two systems in one lock", async () => {
    const all = `let voyager = import ${root} { }; of = system: voyager.lib.mkDockerBuild {
      pname = "x"; version = "1"; inherit system; buildScript = ""; systemLock = ./both.json;
    }; in { a = of voyager.lib.systems.debian12; b = of voyager.lib.systems.debian13; }`;
    writeFileSync(join(folder, "both.nix"), all);
    const { message } = await lock("both", "-A", "a", "-A", "b");
    expect(message).toContain("builds of different systems cannot share a lock");
    expect(message).toContain("debian12, and debian13");
  });
});

describe("engines with another past", () => {
  const file = (name: string, packages: string[], lock: string) =>
    declare(name, system, packages, lock, "touch $out/x");
  let system: string;

  beforeAll(() => {
    system = systemOf(
      repositoryOf(
        { name: "voyager-app", version: "1", depends: "voyager-alt-a | voyager-alt-b" },
        { name: "voyager-alt-a", version: "1" },
        { name: "voyager-alt-b", version: "1" },
        { name: "voyager-extra", version: "3", depends: "voyager-alt-b" },
      ),
    );
  });

  test("an environment that had the other alternative, and a base image with more packages", async () => {
    const packages = ["voyager-alt-b", "voyager-app"];
    // What is known to be without a lock: what the engine made before decides.
    await removeEnvironments();
    await mustBuild(file("earlier", ["voyager-alt-b"], "null"));
    const grown = environmentOf(await mustBuild(file("grown", packages, "null")));
    expect(grown).not.toContain("voyager-alt-a");

    const only = file("locked", ["voyager-app"], "./app.system.lock.json");
    await mustLock(only);
    const first = environmentOf(await mustBuild(only));
    expect(first).toContain("voyager-alt-a");
    expect(first).not.toContain("voyager-alt-b");

    // Another base image under the same name: more packages, and one that must be downgraded.
    const newer = repositoryOf({ name: "voyager-alt-a", version: "2" });
    await removeEnvironments();
    const container = `voyager-test-lock-${runId}`;
    const script = `${newer.setup}; dpkg -i /srv/test/*.deb; rm -r /srv/test; ${withExtras()}`;
    await must("docker", ["run", "--name", container, baseTag, "sh", "-ec", script]);
    await must("docker", ["commit", container, baseTag]);
    await must("docker", ["rm", container]);
    const base = await must("docker", ["run", "--rm", baseTag, "dpkg-query", "-W"]);
    expect(base).toMatch(/voyager-alt-a\s+2\nvoyager-alt-b\s+1\nvoyager-extra\s+3/);
    const again = file("relocked", ["voyager-app"], "./app.system.lock.json");
    const result = await build(again);
    expect(result.stderr).toMatch(/locked: making it/);
    expect(environmentOf(result.stdout.trim())).toBe(first);
  });
});

/** Shell code that leaves packages in a base image which the lock does not have. */
function withExtras(): string {
  const extras = repositoryOf(
    { name: "voyager-alt-b", version: "1" },
    { name: "voyager-extra", version: "3", depends: "voyager-alt-b" },
  );
  return `${extras.setup}; dpkg -i /srv/test/voyager-*.deb; rm -r /srv/test`;
}

test("Debian's own packages: locked, fetched, installed offline, and used", async () => {
  await must("docker", ["tag", await baseImage(), baseTag]);
  const system = `(voyager.lib.systems.debian12.override { name = "${systemName}"; image = "${baseTag}"; })`;
  const lock = "{ file = ./debian.system.lock.json; packages = ./debian-debs; }";
  const script = "echo 'int main(){return 0;}' > main.c; gcc -o $out/main main.c; $out/main";
  const file = declare("debian", system, ["gcc", "libc6-dev"], lock, script);
  await mustLock(file, "--fetch", "");
  const { packages } = readLock("debian.system.lock.json");
  expect(packages.find(({ name }) => name === "libc6-dev")).toMatchObject({
    source: "glibc",
    repository: expect.stringMatching(/^Debian:bookworm(-updates|-security)?\/main$/),
    file: expect.stringMatching(/^pool\/.*\/glibc\/libc6-dev_/),
  });
  expect(readFileSync(join(folder, "debian.system.lock.json"), "utf8")).not.toMatch(/https?:/);
  const out = await mustBuild(file);
  const installed = JSON.parse(environmentOf(out)) as {
    packages: { name: string; version: string; arch: string }[];
  };
  const named = ({ name, version, arch }: { name: string; version: string; arch: string }) =>
    `${name}:${arch}=${version}`;
  expect(installed.packages.map(named).sort()).toEqual(packages.map(named).sort());
});
