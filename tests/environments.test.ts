/** Environments: made once, shared by layers, fresh, from signed repositories; and what goes wrong. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expectNothingLeft, mustBuild, nixBuild, runId } from "./support/nix.ts";
import { makeRepository, type TestRepository } from "./support/repository.ts";
import { must } from "./support/run.ts";
import { baseImage } from "./support/target.ts";

/** Debian 12, as a system of its own: environments of other tests and runs are not used for it. */
function ownSystem(name: string, more = ""): string {
  return `(systems.debian12.override { name = "${systemName(name)}"; ${more} })`;
}
const systemName = (name: string) => `test-${name}-${runId}`;

/** Images of environments of a system. */
async function environmentsOf(name: string): Promise<string[]> {
  const filter = ["--filter", `label=nix-voyager.system=${systemName(name)}`];
  const listed = await must("docker", ["images", "--quiet", "--no-trunc", ...filter]);
  return listed === "" ? [] : listed.split("\n");
}

let repository: TestRepository;
beforeAll(() => {
  repository = makeRepository([
    { name: "voyager-greeting", version: "1.2.3", files: { "usr/share/greeting": "hello\n" } },
    { name: "voyager-question", version: "1", postinst: 'read -r answer; [ "$answer" = yes ]' },
  ]);
});

afterAll(async () => {
  repository.remove();
  await expectNothingLeft();
  const filter = ["--filter", "label=nix-voyager.kind=environment", "--format", "{{.ID}} {{.Label}}"];
  const format = '{{.ID}} {{index .Config.Labels "nix-voyager.system"}}';
  const ids = (await must("docker", ["images", "--quiet", "--no-trunc", ...filter.slice(0, 2)])).split("\n");
  for (const id of ids) {
    const [, system] = (await must("docker", ["image", "inspect", "--format", format, id])).split(" ");
    if (system?.endsWith(`-${runId}`)) await must("docker", ["rmi", "--force", id]).catch(() => {});
  }
});

/** The volume with the packages that the engine keeps for a system; empty if there is none. */
async function keptOf(name: string): Promise<string> {
  const filter = ["--filter", `label=nix-voyager.system=${systemName(name)}`];
  return must("docker", ["volume", "ls", "--quiet", ...filter]);
}

async function failure(expression: string): Promise<string> {
  const { status, stderr } = await nixBuild(expression);
  expect(status).not.toBe(0);
  return stderr;
}

test("an unknown system package is named, with near matches from the index", async () => {
  const message = await failure(`build {
    systemBuildDependencies = [ "libfii-dev" ];
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("debian12 has no system package 'libfii-dev'");
  expect(message).toContain("'libffi-dev'");
  expect(message).toContain("failed with exit code 73");
});

test("a name with a dot is a name, not a pattern that others match", async () => {
  const message = await failure(`build {
    systemBuildDependencies = [ "libffi.dev" ];
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("debian12 has no system package 'libffi.dev'");
});

test("a repository that cannot be reached fails, which apt-get update alone would not", async () => {
  const system = ownSystem(
    "unreachable",
    'repositories = [ { name = "gone"; uri = "http://127.0.0.1:9/"; suites = [ "./" ]; } ];',
  );
  const message = await failure(`build { system = ${system}; buildScript = "touch $out/x"; }`);
  expect(message).toContain(`a repository of ${systemName("unreachable")} cannot be read`);
  expect(message).toContain("127.0.0.1:9");
  expect(message).toContain("proxy");
  expect(await environmentsOf("unreachable")).toEqual([]);
});

/** A system with the test repository. */
function withRepository(name: string, key: string): string {
  return ownSystem(
    name,
    `setup = ''${repository.setup}''; keys.test = ${key}; repositories = [ { name = "test"; uri = "${repository.uri}"; suites = [ "./" ]; key = "test"; } ];`,
  );
}

test("a package of a repository that is signed by the given key", async () => {
  const [path = ""] = await mustBuild(`build {
    system = ${withRepository("signed", repository.key)};
    systemBuildDependencies = [ "voyager-greeting" ];
    buildScript = "cp /usr/share/greeting $out";
  }`);
  expect(readFileSync(join(path, "greeting"), "utf8")).toBe("hello\n");
  const environment = JSON.parse(readFileSync(join(path, "nix-support/environment.json"), "utf8"));
  expect(environment.packages).toContainEqual(
    expect.objectContaining({ name: "voyager-greeting", version: "1.2.3", arch: "all" }),
  );
});

test("a repository that another key signed", async () => {
  const message = await failure(`build {
    system = ${withRepository("wrong-key", repository.otherKey)};
    systemBuildDependencies = [ "voyager-greeting" ];
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain(`a repository of ${systemName("wrong-key")} is not signed by a trusted key`);
  expect(message).toMatch(/NO_PUBKEY/);
  expect(await environmentsOf("wrong-key")).toEqual([]);
});

test("a package whose install script asks a question", async () => {
  const message = await failure(`build {
    system = ${withRepository("question", repository.key)};
    systemBuildDependencies = [ "voyager-question" ];
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("could not be installed");
  expect(message).toContain("voyager-question");
  expect(message).toContain("asked a question");
});

test("an image that the engine does not hold, and no registry", async () => {
  const message = await failure(`build {
    system = mkSystem { name = "nowhere"; image = "localhost:1/nowhere:1"; };
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("there is no base image for nowhere");
  expect(message).toContain("cannot pull it");
  expect(message).toContain("docker load");
});

test("a missing image that can be bootstrapped: the remedy is the command", async () => {
  const message = await failure(`build {
    system = mkSystem { name = "recipe"; image = { reference = "localhost:1/nowhere:1"; bootstrap = { suite = "never-made"; }; }; };
    buildScript = "touch $out/x";
  }`);
  expect(message).toContain("voyager image bootstrap recipe");
});

test("eight builds that ask at once have their environment made once", async () => {
  const system = ownSystem("eight");
  const builds = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      nixBuild(`build { pname = "eight-${index}"; system = ${system}; buildScript = "touch $out/x"; }`),
    ),
  );
  expect(builds.map(({ status }) => status)).toEqual(Array(8).fill(0));
  const log = builds.map(({ stderr }) => stderr).join("");
  expect(log.match(/: made, /g)).toHaveLength(1);
  expect(log).toMatch(/reused, less than a minute old/);
  expect(await environmentsOf("eight")).toHaveLength(1);
});

test("one package more is one package installed, on the layers that exist", async () => {
  const system = ownSystem("layers");
  const first = await nixBuild(
    `build { system = ${system}; systemBuildDependencies = [ "make" ]; buildScript = "touch $out/x"; }`,
  );
  expect(first.status).toBe(0);
  const second = await nixBuild(
    `build { system = ${system}; systemBuildDependencies = [ "make" "patch" ]; buildScript = "make --version; touch $out/x"; }`,
  );
  expect(second.stderr).toMatch(/\+ 2 packages: making it, 1 to add/);
  expect(second.stderr).toMatch(/\+ 2 packages: made, 1 more installed/);
  expect(second.status).toBe(0);
});

test("an environment that is older than maxAge is made anew, and replaces the old one", async () => {
  const system = ownSystem("age");
  const aged = (name: string, maxAge: number) =>
    nixBuild(
      `build { pname = "${name}"; system = ${system}; environment.maxAge = ${maxAge}; buildScript = "touch $out/x"; }`,
    );
  expect((await aged("first", 3600)).stderr).toMatch(/: made, /);
  const before = await environmentsOf("age");
  expect((await aged("second", 3600)).stderr).toMatch(/: reused, less than a minute old/);
  expect((await aged("third", 0)).stderr).toMatch(/: made, /);
  const after = await environmentsOf("age");
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
});

test("downloaded packages are kept and used again, but only as the signed lists have them", async () => {
  const built = (age: number) =>
    mustBuild(`build {
      system = ${ownSystem("kept")}; systemBuildDependencies = [ "ed" "hello" "make" "patch" ]; environment.maxAge = ${age};
      env.TEST_RUN = "${runId}-${age}"; buildScript = "hello > $out/said; make --version; patch --version";
    }`);
  await built(3600);
  const volume = await keptOf("kept");
  const inVolume = async (script: string) =>
    must("docker", [
      "run",
      "--rm",
      "--volume",
      `${volume}:/kept`,
      await baseImage(),
      "sh",
      "-ec",
      `cd /kept; ${script}`,
    ]);
  const before = await inVolume("sha256sum *.deb");
  expect(before).toMatch(/ hello_.*\.deb/);
  const untouched = await inVolume("touch -d 2001-01-01 ed_*.deb; stat -c %i ed_*.deb");
  // As root in another container of the system could: the right size and name, a pipe, and no end of zeros.
  await inVolume(`size=$(stat -c %s hello_*.deb); head -c $size /dev/urandom > poison; mv poison hello_*.deb
    name=$(echo make_*.deb); rm $name; mkfifo $name
    name=$(echo patch_*.deb); rm $name; ln -s /dev/zero $name`);
  const [path = ""] = await built(0);
  expect(readFileSync(join(path, "said"), "utf8")).toContain("Hello, world!");
  expect(await inVolume("sha256sum *.deb")).toBe(before);
  // The one that nobody changed is still the same file, and its use was noted.
  expect(await inVolume("stat -c %i ed_*.deb")).toBe(untouched);
  expect(await inVolume("find . -name '*.deb' ! -newermt 2002-01-01")).toBe("");
});

test("a system may keep no packages", async () => {
  const system = ownSystem("unkept", "keepPackages = false;");
  await mustBuild(
    `build { system = ${system}; systemBuildDependencies = [ "hello" ]; buildScript = "hello > $out/said"; }`,
  );
  expect(await keptOf("unkept")).toBe("");
});
