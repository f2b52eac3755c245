/** The examples are what users copy: they build, twice to the same bits, and what they build works. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Needed } from "../../helper/src/linkage/report.ts";
import { buildAttribute, expectNothingLeft, mustBuild, nixBuild, profile, transfer } from "../support/nix.ts";
import { inContainer, wheelIn } from "../support/target.ts";
import { must } from "../support/run.ts";

const examples = ["bcrypt", "bcryptTest", "cffi", "c-program", "library", "web-application"];

test.each(examples)("%s builds to the same bits again", async (name) => {
  const example = `voyager.examples.${name}.override { transfer = "${transfer}"; }`;
  await mustBuild(example);
  // Without its sandbox Nix checks in other folders and puts the final names into the files later:
  // their SHA-256 in provenance.json (docs/scanners.md says so) or in RECORD is then not that of the files.
  if (["library", "web-application"].includes(name) && profile === "classic") return;
  const again = await nixBuild(example, ["--check"]);
  expect([again.status, again.status === 0 ? "" : again.stderr]).toEqual([0, ""]);
});

test("the bcrypt wheel works where only its run-time packages are, and links to the system only", async () => {
  const path = await buildAttribute("bcryptWheel");
  const wheel = wheelIn(path);
  expect(wheel).toBe("bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl");
  const output = await inContainer(
    ["python3", "python3-cffi-backend", "python3-six"],
    `python3 -c '
import sys, zipfile
zipfile.ZipFile("/wheel/${wheel}").extractall("/tmp/site")
sys.path.insert(0, "/tmp/site")
import bcrypt
print(bcrypt.checkpw(b"secret", bcrypt.hashpw(b"secret", bcrypt.gensalt(4))))
'`,
    [`${path}:/wheel:ro`],
  );
  expect(output).toContain("True");

  const dynamic = await inContainer(
    ["binutils", "unzip"],
    `unzip -q -d /tmp/wheel '/wheel/${wheel}'; readelf -d /tmp/wheel/bcrypt/_bcrypt.abi3.so
    if grep -l /nix/store -r /tmp/wheel; then echo 'a store path is in the wheel'; fi`,
    [`${path}:/wheel:ro`],
  );
  expect([...dynamic.matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name)).toEqual(["libc.so.6"]);
  expect(dynamic).not.toMatch(/RPATH|RUNPATH|a store path/);
});

test("what it links to is proven in each way of running Nix, and a broken rule fails", async () => {
  const path = (await mustBuild(`voyager.examples.bcrypt.override { transfer = "${transfer}"; }`))[0] ?? "";
  const report = JSON.parse(readFileSync(join(path, "nix-support/linkage.json"), "utf8"));
  expect(report).toMatchObject({ schema: "voyager-linkage/1", verdict: "pass", problems: [] });
  const [file, ...others] = report.files;
  expect([file.path, others]).toEqual([`${wheelIn(path)}!/bcrypt/_bcrypt.abi3.so`, []]);
  expect(file.needed.map((one: Needed) => [one.soname, one.provider.package])).toEqual([
    ["libc.so.6", "libc6"],
  ]);
  const broken = await nixBuild(`build {
    systemBuildDependencies = [ "gcc" "libc6-dev" ];
    buildScript = "mkdir $out/bin; echo 'int main(void) { return 0; }' >m.c; gcc -static -o $out/bin/m m.c";
  }`);
  expect(broken.stderr).toContain("bin/m has libc.a of libc6-dev linked into it");
  expect(broken.stderr).toContain("failed with exit code 77");
});

test("what was installed is recorded, and Hydra's products are files", async () => {
  const path = await buildAttribute("bcryptWheel");
  const environment = JSON.parse(readFileSync(join(path, "nix-support/environment.json"), "utf8"));
  expect(environment.system).toBe("debian12");
  const versions = Object.fromEntries(
    environment.packages.map((p: { name: string; version: string }) => [p.name, p.version]),
  );
  expect(Object.keys(versions)).toEqual(
    expect.arrayContaining(["libffi-dev", "python3-cffi", "libc6", "gcc"]),
  );
  expect(versions["libffi-dev"]).toMatch(/^3\.4/);
  const products = readFileSync(join(path, "nix-support/hydra-build-products"), "utf8").trim().split("\n");
  for (const line of products) {
    const match = /^[\w-]+ [\w-]+ "(.*)"$/.exec(line);
    expect(statSync(match?.[1] ?? "").isFile()).toBe(true);
  }
});

test("a program reads the data of its Nix dependency, which is in its closure", async () => {
  const path = await buildAttribute("examples.c-program");
  const references = await must("nix-store", ["--query", "--references", path]);
  expect(references).not.toBe("");
  expect(await must(join(path, "bin/planets"), ["Earth"])).not.toBe("");
});

test("outputs are folders of their own, at the paths that the script was given", async () => {
  const [path = ""] = await mustBuild(`(build {
    outputs = [ "out" "dev" ];
    buildScript = ''
      [ -d "$out" ] && [ -d "$dev" ] && [ "$PWD" = /build/source ]
      mkdir -p $out/lib $dev/include
      echo "$dev/include" > $out/lib/where
      echo int > $dev/include/a.h
    '';
  })`);
  const where = readFileSync(join(path, "lib/where"), "utf8").trim();
  expect(readFileSync(join(where, "a.h"), "utf8")).toBe("int\n");
});

test("a store path in a script is in the container, read-only, with all it refers to", async () => {
  const [path = ""] = await mustBuild(`(let
    deep = derivation { name = "deep"; system = builtins.currentSystem; builder = "builtin:buildenv"; derivations = [ ]; manifest = "/dummy"; };
    data = builtins.toFile "data.txt" "hello\\n";
    script = builtins.toFile "script.sh" "cat \${data}";
  in build {
    env.DATA = data;
    buildScript = ''
      sh \${script} > $out/copy
      if echo x >> \${data}; then echo "the store can be written to" >&2; exit 1; fi
      if touch /nix/store/other; then echo "the store can be added to" >&2; exit 1; fi
    '';
  })`);
  expect(readFileSync(join(path, "copy"), "utf8")).toBe("hello\n");
});

test("the build is an ordinary user without network, capabilities or a way to more", async () => {
  const [path = ""] = await mustBuild(`(build {
    buildScript = ''
      id -un > $out/user
      ls /sys/class/net > $out/net
      getent ahosts localhost > $out/localhost
      grep -E '^(CapEff|NoNewPrivs)' /proc/self/status > $out/status
      echo "$HOME $TMPDIR $LC_ALL $TZ $SOURCE_DATE_EPOCH $(umask) $(hostname)" > $out/surroundings
      touch $HOME/x $TMPDIR/y
      mkdir $out/empty-folder; ln -s ../nowhere $out/empty-folder/link
      printf '#!/bin/sh\\n' > $out/run; chmod +x $out/run
    '';
  })`);
  const read = (name: string) => readFileSync(join(path, name), "utf8").trim();
  expect(read("user")).not.toBe("root");
  expect(read("net")).toBe("lo");
  expect(read("localhost")).toMatch(/^127\.0\.0\.1 /m);
  expect(read("status")).toMatch(/CapEff:\s+0+\nNoNewPrivs:\s+1/);
  expect(read("surroundings")).toBe("/build/home /build/tmp C.UTF-8 UTC 315532800 0022 localhost");
  expect(statSync(join(path, "run")).mode & 0o111).not.toBe(0);
});

afterAll(() => expectNothingLeft());
