import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { makeSystem, storePath } from "../../testing/specs.ts";
import { apt } from "./apt.ts";

const folder = temporaryFolders();

/** A file for a key or a certificate. */
function file(content: string | Buffer): string {
  const path = join(folder(), "file");
  writeFileSync(path, content);
  return path;
}

const fileNamed = (system: ReturnType<typeof makeSystem>, name: string) =>
  String(apt.files(system).find(({ path }) => path.endsWith(name))?.content);

describe("files", () => {
  const repository = {
    name: "own",
    uri: "https://packages.example.org/debian",
    suites: ["bookworm", "bookworm-updates"],
    components: ["main", "contrib"],
    key: null as string | null,
  };

  test("a repository with an armoured key", () => {
    const key = file("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ\n-----END PGP PUBLIC KEY BLOCK-----\n");
    const system = makeSystem({ repositories: [{ ...repository, key }] });
    expect(fileNamed(system, "nix-voyager-own.sources")).toBe(`Types: deb
URIs: https://packages.example.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /etc/apt/keyrings/own.asc
`);
    expect(fileNamed(system, "etc/apt/keyrings/own.asc")).toContain("BEGIN PGP");
  });

  test("a binary key has the ending by which apt knows it", () => {
    const system = makeSystem({ repositories: [{ ...repository, key: file(Buffer.from([0x99, 1, 0xff])) }] });
    const key = apt.files(system).find(({ path }) => path === "etc/apt/keyrings/own.gpg");
    expect(key?.content).toEqual(Buffer.from([0x99, 1, 0xff]));
  });

  test("a flat repository without a key of its own", () => {
    const system = makeSystem({ repositories: [{ ...repository, suites: ["./"], components: [] }] });
    expect(fileNamed(system, ".sources")).toBe(
      "Types: deb\nURIs: https://packages.example.org/debian\nSuites: ./\n",
    );
  });

  test("a key that is not there is named", async () => {
    const key = storePath("missing.asc");
    const system = makeSystem({ repositories: [{ ...repository, key }] });
    expect(await thrownBy(() => apt.files(system))).toMatchObject({
      kind: "spec",
      what: `cannot read the key of repository 'own' ${key}`,
    });
  });

  test("an index that cannot be read is an error", () => {
    expect(fileNamed(makeSystem(), "apt.conf")).toContain('APT::Update::Error-Mode "any";');
  });

  test("proxy, exceptions and certificates", () => {
    const proxy = {
      http: "http://proxy.example.org:3128",
      https: null,
      noProxy: "a.example.org, b.example.org",
    };
    const system = makeSystem({ proxy, certificates: [file("PEM")] });
    const configuration = fileNamed(system, "apt.conf");
    expect(configuration).toContain('Acquire::http::Proxy "http://proxy.example.org:3128";');
    expect(configuration).not.toContain("Acquire::https::Proxy ");
    expect(configuration).toContain('Acquire::https::Proxy::b.example.org "DIRECT";');
    expect(configuration).toContain("Acquire::https::CAInfo");
    expect(fileNamed(system, "ca-certificates/nix-voyager-0.crt")).toBe("PEM");
  });

  test("nothing that is installed may start a service", () => {
    const policy = apt.files(makeSystem()).find(({ path }) => path === "usr/sbin/policy-rc.d");
    expect(policy).toMatchObject({ content: "#!/bin/sh\nexit 101\n", mode: 0o755 });
  });
});

describe("scripts", () => {
  const isShell = (script: string) => spawnSync("sh", ["-n", "-c", script]).status === 0;

  test("all of them are shell", () => {
    const proxy = { http: "http://it's:8080", https: null, noProxy: null };
    for (const first of [true, false]) {
      for (const packages of [[], ["gcc", "libstdc++-12-dev"]]) {
        expect(isShell(apt.installScript(makeSystem({ proxy }), packages, first))).toBe(true);
      }
    }
    expect(isShell(apt.indexScript())).toBe(true);
    expect(isShell(apt.recordScript())).toBe(true);
    expect(isShell("if")).toBe(false); // the check can fail
  });

  test("packages are words, never options", () => {
    const script = apt.installScript(makeSystem(), ["gcc", "libfoo=1:2~rc"], true);
    expect(script).toContain("apt-get install -- 'gcc' 'libfoo=1:2~rc'");
  });

  test("a proxy is a variable, quoted", () => {
    const proxy = { http: "http://it's:8080", https: null, noProxy: null };
    const script = apt.installScript(makeSystem({ proxy }), [], true);
    expect(script).toContain("export http_proxy='http://it'\\''s:8080'\n");
    expect(script).not.toContain("https_proxy");
  });
});

describe("what went wrong", () => {
  const names = ["libexample-dev", "libexample1", "python3.11", "gcc"];
  const explain = (output: string) => apt.explainFailure(makeSystem(), output, async () => names);
  const reading = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

  test("an unknown package: named, with near matches", async () => {
    const error = await explain(`${reading}E: Unable to locate package libexmaple-dev\n`);
    expect(error).toMatchObject({
      kind: "environment",
      what: "debian12 has no system package 'libexmaple-dev'",
      details: {
        why: "'libexmaple-dev': did you mean 'libexample-dev'?",
        remedy: "correct systemBuildDependencies, or add the repository that has it",
      },
    });
  });

  test("two unknown packages, one of them like nothing and named three times", async () => {
    const error = await explain(`${reading}E: Unable to locate package qqqqqqqq3.9
E: Couldn't find any package by glob 'qqqqqqqq3.9'
E: Couldn't find any package by regex 'qqqqqqqq3.9'
E: Unable to locate package gccc
`);
    expect(error.what).toBe("debian12 has no system package 'qqqqqqqq3.9', 'gccc'");
    expect(error.details.why).toBe(
      "'qqqqqqqq3.9': the package index has nothing like it\n'gccc': did you mean 'gcc'?",
    );
  });

  test("a package that is only referred to", async () => {
    const error =
      await explain(`${reading}Package libexampl1 is not available, but is referred to by another package.
This may mean that the package is missing, has been obsoleted, or
is only available from another source

E: Package 'libexampl1' has no installation candidate
`);
    expect(error.what).toBe("debian12 has no system package 'libexampl1'");
    expect(error.details.why).toContain("'libexample1'");
  });

  test("a version that is not there", async () => {
    const error = await explain(`${reading}E: Version '2.0' for 'libexample-dev' was not found\n`);
    expect(error.details.why).toBe("E: Version '2.0' for 'libexample-dev' was not found");
  });

  test("a repository that nobody signed, or whose key we lack", async () => {
    const error = await explain(`Get:1 https://packages.example.org bookworm InRelease [1588 B]
Err:1 https://packages.example.org bookworm InRelease
  The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0123456789ABCDEF
Reading package lists...
W: GPG error: https://packages.example.org bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0123456789ABCDEF
E: The repository 'https://packages.example.org bookworm InRelease' is not signed.
`);
    expect(error.what).toBe("a repository of debian12 is not signed by a trusted key");
    expect(error.details.why).toContain("NO_PUBKEY 0123456789ABCDEF");
    expect(error.details.why).toContain("E: The repository 'https://packages.example.org");
    expect(error.details.remedy).toContain("key = ");
  });

  test.each([
    [
      "a clock that is behind",
      "E: Release file for http://packages.example.org/debian/dists/bookworm/InRelease is not valid yet (invalid for another 1h 2min 3s). Updates for this repository will not be applied.\n",
    ],
    [
      "a clock that is ahead",
      "E: Release file for http://packages.example.org/debian/dists/bookworm/InRelease is expired (invalid since 358d 1h 2min 3s). Updates for this repository will not be applied.\n",
    ],
  ])("%s", async (_name, complaint) => {
    const error = await explain(`Get:1 http://x bookworm InRelease [1 B]\n${complaint}`);
    expect(error.what).toBe("a repository of debian12 is from another time");
    expect(error.details.why).toBe(complaint.trim());
    expect(error.details.remedy).toContain("clock of the engine's machine");
  });

  test.each([
    [
      "dpkg",
      "dpkg: error processing archive /x.deb (--unpack):\n cannot copy extracted data for './usr/x' to '/usr/x.dpkg-new': failed to write (No space left on device)\n",
    ],
    ["apt", "E: You don't have enough free space in /run/nix-voyager/archives/.\n"],
  ])("a full disk, as %s tells it", async (_name, complaint) => {
    const error = await explain(`${reading}${complaint}`);
    expect(error.what).toBe("the engine's disk is full: debian12 could not be made");
    expect(error.details.why).toContain(complaint.split("\n")[0]);
    expect(error.details.remedy).toContain("voyager environment prune");
  });

  test.each([
    [
      "nobody listens",
      "E: Failed to fetch http://packages.example.org/debian/dists/bookworm/InRelease  Could not connect to packages.example.org:80 (192.0.2.1). - connect (111: Connection refused)\nE: Some index files failed to download. They have been ignored, or old ones used instead.\n",
    ],
    [
      "no such host",
      "E: Failed to fetch http://nowhere.invalid/debian/dists/bookworm/InRelease  Could not resolve 'nowhere.invalid'\nE: Some index files failed to download. They have been ignored, or old ones used instead.\n",
    ],
    ["no repository", "E: The repository 'file:/repo ./ Release' does not have a Release file.\n"],
    [
      "an unknown authority",
      "E: Failed to fetch https://packages.example.org/dists/bookworm/InRelease  Certificate verification failed: The certificate is NOT trusted. The certificate issuer is unknown.\n",
    ],
  ])("a repository that cannot be read: %s", async (_name, complaint) => {
    const error = await explain(
      `Err:1 http://x bookworm InRelease\n  details\nReading package lists...\n${complaint}`,
    );
    expect(error.what).toBe("a repository of debian12 cannot be read");
    expect(error.details.why).toContain(complaint.trim());
    expect(error.details.remedy).toMatch(/proxy.*\n.*certificates/);
  });

  const configuring = (words: string, status: number) => `${reading}Unpacking thing (1.0) ...
Setting up thing (1.0) ...
${words}dpkg: error processing package thing (--configure):
 installed thing package post-installation script subprocess returned error exit status ${status}
Errors were encountered while processing:
 thing
E: Sub-process /usr/bin/dpkg returned an error code (1)
`;

  test("an install script that failed: which, how, and that none may ask", async () => {
    const error = await explain(configuring("cannot set up the thing\n", 3));
    expect(error.what).toBe("the packages of debian12 could not be installed");
    expect(error.details.why).toContain("dpkg: error processing package thing (--configure):");
    expect(error.details.why).toContain("installed thing package post-installation script");
    expect(error.details.why).toContain("exit status 3");
    expect(error.details.remedy).toMatch(/asked a question[\s\S]*preseed[\s\S]*setup/);
  });

  test("an install script that asked, in the middle of a line", async () => {
    const error = await explain(configuring("Do you accept the licence? ", 1));
    expect(error.details.why).toContain("Do you accept the licence? dpkg: error processing package thing");
  });

  test("a conflict is no question", async () => {
    const error = await explain(`${reading}The following packages have unmet dependencies:
 thing : Depends: other (>= 2) but 1 is to be installed
E: Unable to correct problems, you have held broken packages.
`);
    expect(error.details.why).toContain("E: Unable to correct problems");
    expect(error.details.remedy).not.toContain("question");
  });

  test("no words of apt's own: the last lines", async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`).join("\n");
    const { why = "" } = (await explain(lines)).details;
    expect(why.split("\n")).toHaveLength(20);
    expect(why).toContain("line 29");
  });
});
