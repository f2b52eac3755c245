/** What administrators run, on real targets: what is there, what is missing, what a fix means. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bcryptReport,
  otherLibrary,
  report,
  reportFile,
  reportPackage,
  systemLibrary,
} from "../helper/testing/reports.ts";
import type { Report } from "../helper/src/linkage/report.ts";
import { renderVerifyScript } from "../helper/src/records/verify/script.ts";
import { mustBuild, nix, runId, voyagerCommand } from "./support/nix.ts";
import { must, type Result, run } from "./support/run.ts";
import { targetImage } from "./support/target.ts";

let command: string;
let folder: string;
/** A build's delivery: a program that links to libffi8 and libc6 of Debian 12. */
let built: string;
/** Store paths made by hand, which must not stay: a damaged one spoils every look at a whole store. */
const fixtures: string[] = [];

beforeAll(async () => {
  command = await voyagerCommand();
  folder = mkdtempSync(join(tmpdir(), "voyager-administrators-"));
  chmodSync(folder, 0o755);
  [built = ""] = await mustBuild(`build {
    pname = "uses-ffi"; systemBuildDependencies = [ "gcc" "libc6-dev" "zlib1g-dev" "libffi-dev" ];
    buildScript = ''
      echo '#include <ffi.h>
      int main(void) { ffi_cif c; return ffi_prep_cif(&c, FFI_DEFAULT_ABI, 0, &ffi_type_void, 0) != FFI_OK; }' >main.c
      mkdir -p $out/bin; gcc -o $out/bin/call main.c -lffi'';
  }`);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (fixtures.length > 0) await must("nix-store", ["--delete", ...fixtures]);
});

const voyager = (...args: string[]): Promise<Result> => run(command, args);

/** Needs libicuuc.so.72 of Debian 12, which 13 has not. */
const icu = report([reportFile("lib/i.so", [systemLibrary("libicu72")])], [reportPackage("libicu72")]);

/** Runs the built delivery's script in a target, or that of a report; `before` prepares the target. */
async function verifyIn(image: string, of: Report | null, before = ":", shell = "sh"): Promise<Result> {
  const path = of === null ? join(built, "nix-support/verify") : join(folder, "verify");
  if (of !== null) writeFileSync(path, renderVerifyScript(of));
  const script = `{ ${before}; } >&2; ${shell} /verify --tsv`;
  return run("docker", ["run", "--rm", "--volume", `${path}:/verify:ro`, image, "sh", "-c", script]);
}

describe("nix-support/verify in a target", () => {
  test("names the package that is missing; with it, all is there", async () => {
    // The base image has it, as apt's own libraries need it.
    const bare = await verifyIn(
      await targetImage([]),
      null,
      "dpkg --purge --force-depends libffi8 >/dev/null 2>&1",
    );
    expect(bare).toMatchObject({ status: 1, stderr: "" });
    expect(bare.stdout).toMatch(
      /^missing\tlibffi\.so\.8\tno such library here\tapt-get install libffi8 \(version 3\.\S+ or later\)$/m,
    );
    const image = await targetImage(["libffi8", "busybox", "bash"]);
    for (const shell of ["sh", "bash --posix", "busybox sh"]) {
      const whole = await verifyIn(image, null, ":", shell);
      expect(whole).toMatchObject({ status: 0, stderr: "" });
      expect(whole.stdout).toMatch(/^ok\tlibffi\.so\.8\t\/\S+\/libffi\.so\.8 \(libffi8 3\.\S+\)\t$/m);
    }
  });

  test("an older system lacks symbol versions, and it is said which", async () => {
    const { status, stdout } = await verifyIn(await targetImage([], "debian11"), null);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^missing\tlibc\.so\.6\t\S+ \(package libc6 2\.31-\S+\) has no symbol version GLIBC_2\.34: it is too old\t/m,
    );
    expect(stdout).toMatch(/^ok\t\/lib64\/ld-linux-x86-64\.so\.2\t/m);
    expect(stdout).toContain("note\tsystem\tthis is debian 11; it was built on debian12\t\n");
  });

  test("a soname that changed with the next Debian is named, with its package", async () => {
    const { status, stdout } = await verifyIn(await targetImage(["libicu76"], "debian13"), icu);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^missing\tlibicuuc\.so\.72\tlibicuuc\.so\.72 is gone; the system has libicuuc\.so\.76 \(package libicu76 76\S+\).*: must be built again against it\t/m,
    );
  });

  test("an old soname that the repositories still have is only to be installed", async () => {
    // 13 has no libicu72; 12 has it beside a library of another number that was put there by hand.
    const fake = "cp /lib/x86_64-linux-gnu/libz.so.1 /usr/lib/libicuuc.so.99; ldconfig; apt-get update -qq";
    const { stdout } = await verifyIn(await targetImage([]), icu, fake);
    expect(stdout).toMatch(/^missing\tlibicuuc\.so\.72\t.*\tapt-get install libicu72\n$/m);
    expect(stdout).not.toContain("must be built again");
  });

  test("without ldconfig, without a package manager, and where the loader's cache is stale", async () => {
    const image = await targetImage(["libffi8"]);
    const blind = "rm -f /sbin/ldconfig /usr/sbin/ldconfig; rm -rf /var/lib/dpkg";
    const { status, stdout } = await verifyIn(image, null, blind);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^ok\tlibffi\.so\.8\t\/usr\/lib\/x86_64-linux-gnu\/libffi\.so\.8\t$|^ok\tlibffi\.so\.8\t\/lib\/x86_64-linux-gnu\/libffi\.so\.8\t$/m,
    );
    const uncached =
      "mkdir /opt/l; mv /usr/lib/x86_64-linux-gnu/libffi.so.8* /opt/l; echo /opt/l >/etc/ld.so.conf.d/l.conf";
    expect(await verifyIn(image, null, uncached)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(
        "/opt/l/libffi.so.8 is there, but the loader's cache does not know it\tldconfig",
      ),
    });
    expect(await verifyIn(image, null, `${uncached}; ldconfig`)).toMatchObject({ status: 0 });
  });

  test("an rpm system: capabilities to install, versions of packages, and a changed soname", async () => {
    const image = await targetImage(["rpm", "gcc", "libc6-dev"]);
    const foo = {
      ...otherLibrary("libfoo.so.1", "system", "/usr/lib64/libfoo.so.1"),
      symbolVersions: ["FOO_1.0", "FOO_1.2"],
    };
    const of = report([{ ...reportFile("x.so", []), needed: [foo] }], []);
    const make = (number: number, versions: string, version: string) => `
cat >/tmp/foo.spec <<'end'
Name: libfoo${number}
Version: ${version}
Release: 1.el9
Summary: test
License: none
%description
%install
mkdir -p %{buildroot}/usr/lib64
echo '${versions}' >foo.map
echo 'int foo(void){return 1;} int bar(void){return 2;}' | gcc -shared -nostdlib -x c - -Wl,-soname,libfoo.so.${number},--version-script=foo.map -o %{buildroot}/usr/lib64/libfoo.so.${number}
%files
/usr/lib64/libfoo.so.${number}
end
rpmbuild -bb /tmp/foo.spec --define '_rpmdir /tmp/rpms' --define '__os_install_post %{nil}'
rpm --root /target --dbpath /var/lib/rpm -i --nodeps --ignorearch /tmp/rpms/*/libfoo${number}-*.rpm
`;
    const inTarget = async (packages: string) => {
      writeFileSync(join(folder, "verify"), renderVerifyScript(of));
      writeFileSync(
        join(folder, "prepare"),
        `set -e; mkdir -p /target/var/lib/rpm /target/etc /target/usr/bin; cp /bin/true /target/usr/bin/dnf\n${packages}`,
      );
      const volumes = ["verify", "prepare"].flatMap((name) => [
        "--volume",
        `${join(folder, name)}:/${name}:ro`,
      ]);
      const script = "sh /prepare >&2 && sh /verify --tsv --root /target";
      return run("docker", ["run", "--rm", "--network", "none", ...volumes, image, "sh", "-c", script]);
    };
    const init = "rpm --root /target --dbpath /var/lib/rpm --initdb";
    expect((await inTarget(init)).stdout).toBe(
      "missing\tlibfoo.so.1\tno such library here\tdnf install 'libfoo.so.1(FOO_1.0)(64bit)' 'libfoo.so.1(FOO_1.2)(64bit)'\n",
    );
    const old = await inTarget(make(1, "FOO_1.0 { global: foo; local: *; };", "1.0"));
    expect(old.stdout).toBe(
      "missing\tlibfoo.so.1\t/usr/lib64/libfoo.so.1 (package libfoo1 1.0-1.el9) has no symbol version FOO_1.2: it is too old\tdnf install 'libfoo.so.1(FOO_1.2)(64bit)'\n",
    );
    const good = await inTarget(
      make(1, "FOO_1.0 { global: foo; local: *; }; FOO_1.2 { global: bar; } FOO_1.0;", "1.2"),
    );
    expect(good).toMatchObject({ status: 0 });
    const bumped = await inTarget(make(2, "FOO_2.0 { global: foo; bar; };", "2.0"));
    expect(bumped.stdout).toContain(
      "libfoo.so.1 is gone; the system has libfoo.so.2 (package libfoo2 2.0-1.el9): must be built again against it",
    );
  });
});

describe("the commands", () => {
  /** A store path with these records. */
  async function inStore(name: string, records: Record<string, unknown>): Promise<string> {
    const source = join(folder, `source-${name}`, `${name}-${runId}`);
    mkdirSync(join(source, "nix-support"), { recursive: true });
    for (const [path, content] of Object.entries(records)) {
      writeFileSync(join(source, "nix-support", path), JSON.stringify(content));
    }
    const path = await must("nix-store", ["--add", source]);
    fixtures.push(path);
    return path;
  }

  test("affected: a closure, a binary cache as a folder and by HTTP, and names with typing errors", async () => {
    const path = built;
    const cache = join(folder, "cache");
    const copied = await nix("nix", [
      "--extra-experimental-features",
      "nix-command",
      "copy",
      "--to",
      `file://${cache}`,
      path,
    ]);
    expect(copied.status).toBe(0);
    const server = createServer((request, response) => {
      try {
        response.end(readFileSync(join(cache, request.url ?? "")));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const places = [
      [path],
      ["--closure", path],
      [`file://${cache}`],
      ["--store", `file://${cache}`, path],
      ["--store", url, path],
    ];
    for (const place of places) {
      const { status, stdout } = await voyager("affected", "--package", "libffi8", "--json", ...place);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ deliveries: [{ path, outcome: "upgrade" }] });
    }
    const unlisted = await voyager("affected", "--package", "libffi8", url);
    expect(unlisted).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("has no list of what it holds"),
    });
    server.close();
    const misspelt = await voyager("affected", "--package", "libfif8", path);
    expect(misspelt).toMatchObject({ status: 5, stderr: expect.stringMatching(/did you mean .*libffi8\?/) });
    for (const library of ["libffi.so.8", "libffi.so"]) {
      const { status, stderr } = await voyager("affected", "--package", library, path);
      expect(status).toBe(5);
      expect(stderr).toContain(
        `links to a package '${library}'; that names a library: ask for --package libffi8\n`,
      );
    }
  });

  test("a damaged report is an error that names it, and the others are answered", async () => {
    const good = built;
    const damaged = await inStore("damaged", { "linkage.json": { ...bcryptReport, files: 1 } });
    const { status, stdout, stderr } = await voyager("affected", "--package", "libffi8", good, damaged);
    expect(status).toBe(78);
    expect(stdout).toMatch(new RegExp(`${good} +patched by the system upgrade alone`));
    expect(stderr).toContain(`${damaged}: nix-support/linkage.json: files: Invalid type`);
  });

  test("verify says on this machine what the script says", async () => {
    const lost = report([reportFile("x.so", [otherLibrary("libgone.so.4", "system", null)])], []);
    const path = await inStore("lost", { "linkage.json": lost });
    const { status, stdout } = await voyager("verify", path);
    expect(status).toBe(6);
    expect(stdout).toContain("MISSING  libgone.so.4: no such library here");
    const json = JSON.parse((await voyager("verify", "--json", path)).stdout);
    expect(json).toMatchObject({ deliveries: [{ path, verdict: "missing" }] });
    // Of a delivery that a build made, too, whatever this machine has.
    const script = await run(join(built, "nix-support/verify"), ["--tsv"]);
    const asked = await voyager("verify", "--json", built);
    expect(asked.status).toBe([0, 6, 8][script.status]);
    const [said] = (JSON.parse(asked.stdout) as { deliveries: { findings: Record<string, string>[] }[] })
      .deliveries;
    expect(said?.findings.map(({ status, subject }) => `${status}\t${subject}`)).toEqual(
      script.stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split("\t").slice(0, 2).join("\t")),
    );
    expect(await voyager("verify", "--root", "/nowhere", path)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("--root wants a folder"),
    });
  });

  test("stale: what the repositories have newer, what they do not have, and what cannot be asked", async () => {
    const environment = (system: string, packages: [string, string][]) => ({
      schema: "voyager-environment/1",
      system,
      osRelease: { ID: "debian", VERSION_ID: "12" },
      requested: [],
      packages: packages.map(([name, version]) => ({ name, version, arch: "amd64" })),
    });
    const old = await inStore("old", {
      "linkage.json": bcryptReport,
      "environment.json": environment("debian12", [
        ["gcc", "4:1.0"],
        ["libffi8", "3.0-1"],
        ["libc6", "99:1"],
        ["voyager-none", "1"],
      ]),
    });
    const own = await inStore("own", { "environment.json": environment("companys", [["libc6", "1"]]) });
    const { status, stdout } = await voyager("stale", "--json", old, own);
    expect(status).toBe(7);
    const [first, second] = (JSON.parse(stdout) as { deliveries: Record<string, unknown>[] }).deliveries.sort(
      (a, b) => (String(a.system) < String(b.system) ? -1 : 1),
    );
    expect(first).toMatchObject({
      system: "companys",
      state: "unknown",
      why: expect.stringContaining("--file"),
    });
    expect(second).toMatchObject({
      state: "stale",
      newer: [
        { name: "libffi8", builtWith: "3.0-1", relation: "linked", direct: true },
        { name: "gcc", relation: null },
      ],
      gone: [{ name: "voyager-none" }],
    });
    expect((await voyager("stale", old)).stdout).toMatch(
      /libffi8 +3\.0-1 +3\.4\S+ +linked: the system upgrade patches it/,
    );
  });
});
