import { spawnSync } from "node:child_process";
import { makeSystem } from "../../../testing/specs.ts";
import { aptLock } from "./apt-lock.ts";

const hash = "c".repeat(64);

test("what the package lists have, without what only dpkg knows", () => {
  const output = `Package: libssl3
Source: openssl
Version: 3.0.20-1~deb12u1
Architecture: amd64
Depends: libc6 (>= 2.34),
 debconf
Filename: pool/main/o/openssl/libssl3_3.0.20-1~deb12u1_amd64.deb
Size: 2027000
SHA256: ${hash}

Package: own
Status: install ok installed
Version: 1
Architecture: all

Package: flat
Version: 1:2
Architecture: all
Filename: ./flat.deb
Size: 10
SHA256: ${hash}

`;
  expect(aptLock.parseAvailable(output)).toEqual([
    {
      name: "libssl3",
      version: "3.0.20-1~deb12u1",
      arch: "amd64",
      file: "pool/main/o/openssl/libssl3_3.0.20-1~deb12u1_amd64.deb",
      size: 2027000,
      sha256: hash,
    },
    { name: "flat", version: "1:2", arch: "all", file: "flat.deb", size: 10, sha256: hash },
  ]);
});

test("what is installed, and from which repository", () => {
  const output = [
    "@@ architecture",
    "amd64",
    "",
    "@@ packages",
    "ii \tlibssl3\t3.0.22\tamd64\topenssl\t3.0.22",
    "ii \tlibc6\t2.36\ti386\tglibc\t2.36",
    "ii \tflat\t1:2\tall\tflat\t1:2",
    "ii \tplain\t1\tamd64\tplain\t1",
    "rc \tgone\t1\tall\tgone\t1",
    "hi \tlocal\t1\tall\tlocal\t1",
    "",
    "@@ targets",
    "/etc/apt/sources.list:1\thttp://mirror.example.org/debian\tbookworm\tmain\tDebian\tbookworm",
    "/etc/apt/sources.list:2\thttp://mirror.example.org/security\tstable-security\tmain\tDebian\tbookworm-security",
    "/etc/apt/sources.list.d/nix-voyager-company.sources:1\tfile:/srv/test\t./\t$(COMPONENT)\ttest\ttest",
    "/etc/apt/sources.list:3\thttp://mirror.example.org/plain\tstable\tmain\t$(ORIGIN)\t$(CODENAME)",
    "",
    "@@ policy",
    "libssl3:",
    "  Installed: 3.0.22",
    "  Version table:",
    " *** 3.0.22 500",
    "        500 http://mirror.example.org/security stable-security/main amd64 Packages",
    "        500 http://mirror.example.org/debian bookworm/main amd64 Packages",
    "        100 /var/lib/dpkg/status",
    "     3.0.20 500",
    "        500 http://mirror.example.org/debian bookworm/main amd64 Packages",
    "libc6:i386:",
    " *** 2.36 500",
    "        500 http://mirror.example.org/debian bookworm/main i386 Packages",
    "flat:",
    " *** 1:2 500",
    "        500 file:/srv/test ./ Packages",
    "plain:",
    " *** 1 500",
    "        500 http://mirror.example.org/plain stable/main amd64 Packages",
    "local:",
    " *** 1 100",
    "        100 /var/lib/dpkg/status",
    "",
  ].join("\n");
  const { architecture, packages, repositories } = aptLock.parseInstalled(output);
  expect(architecture).toBe("amd64");
  expect(packages.map(({ name }) => name)).toEqual(["libssl3", "libc6", "flat", "plain", "local"]);
  expect([...repositories]).toEqual([
    ["libssl3:amd64=3.0.22", "Debian:bookworm-security/main"],
    ["libc6:i386=2.36", "Debian:bookworm/main"],
    ["flat:all=1:2", "company"],
    ["plain:amd64=1", "unknown:stable/main"],
  ]);
});

test("the scripts are scripts", () => {
  const system = makeSystem({ setup: "true" });
  const scripts = [
    aptLock.startScript(system, true),
    aptLock.availableScript,
    aptLock.installedScript,
    aptLock.downloadScript(system, "/run/x"),
    aptLock.installFilesScript(system, "/run/x", ["a:amd64", "b:all"]),
    aptLock.installFilesScript(system, "/run/x", []),
  ];
  for (const script of scripts) {
    expect(spawnSync("sh", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  }
  expect(aptLock.startScript(system, false)).not.toContain("apt-get update");
});
