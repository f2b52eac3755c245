/**
 * Patch day: the target's own upgrade reaches what was built before, by the same store path. Shown with
 * Debian's archives as they are today; with a library of our own in soname.test.ts.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../helper/src/linkage/report.ts";
import { findSecurityUpdate, mainOnly, mainOnlyImage, type SecurityUpdate } from "./support/archives.ts";
import { expectNothingLeft, mustBuild, nixBuild, voyagerCommand } from "./support/nix.ts";
import { must, run } from "./support/run.ts";
import { storeRecord } from "./support/store-record.ts";
import { imageAfter, type Machine, startMachine } from "./support/target.ts";

const folder = mkdtempSync(join(tmpdir(), "voyager-patch-day-"));
/** The kinds of deliveries, in order of their names, as nix-build prints them. */
const kinds = ["bundled", "linked", "static", "wheel"] as const;
type Kind = (typeof kinds)[number];

let command: string;
let update: SecurityUpdate;
let expression: string;
let deliveries: Record<Kind, string>;
let machine: Machine | undefined;

beforeAll(async () => {
  command = await voyagerCommand();
  update = await findSecurityUpdate();
  const base = await mainOnlyImage(command, update, folder);
  expression = deliveriesFor(mainOnly(update));
  const paths = await mustBuild(expression);
  deliveries = Object.fromEntries(kinds.map((kind, index) => [kind, paths[index]])) as Record<Kind, string>;
  const image = await imageAfter(
    base,
    `apt-get update -qq; apt-get install -qq -y --no-install-recommends ${update.library}=${update.older} python3
     echo '${update.security}' >/etc/apt/sources.list.d/security.list`,
  );
  machine = await startMachine(image, paths);
  // The first time, a base image, an environment and a target are made.
}, 900_000);
afterAll(async () => {
  await machine?.remove();
  rmSync(folder, { recursive: true, force: true });
  await expectNothingLeft();
});

/** A program that prints what OpenSSL says of itself, and a wheel with a module that does. */
function deliveriesFor(system: string): string {
  // Upstream's version may stay the same in an update of Debian; the time that it was built does not.
  writeFileSync(
    join(folder, "main.c"),
    `#include <openssl/crypto.h>
#include <stdio.h>
int main(void) { return puts(OpenSSL_version(OPENSSL_VERSION)) < 0 || puts(OpenSSL_version(OPENSSL_BUILT_ON)) < 0; }
`,
  );
  const source = join(folder, "module");
  mkdirSync(source);
  writeFileSync(
    join(source, "module.c"),
    `#include <Python.h>
#include <openssl/crypto.h>
static PyObject *versions(PyObject *self, PyObject *none) {
  return PyUnicode_FromFormat("%s\\n%s", OpenSSL_version(OPENSSL_VERSION), OpenSSL_version(OPENSSL_BUILT_ON));
}
static PyMethodDef methods[] = {{"versions", versions, METH_NOARGS, NULL}, {NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "voyagerssl", NULL, -1, methods};
PyMODINIT_FUNC PyInit_voyagerssl(void) { return PyModule_Create(&module); }
`,
  );
  writeFileSync(
    join(source, "setup.py"),
    `from setuptools import Extension, setup
setup(name="voyagerssl", version="1", ext_modules=[Extension("voyagerssl", ["module.c"], libraries=["crypto"])])
`,
  );
  return `let
    needs = [ "gcc" "libc6-dev" "libssl-dev" ];
    program = name: flags: more: build ({
      pname = name; system = ${system}; systemBuildDependencies = needs;
      buildScript = ''mkdir -p $out/bin $out/lib; gcc -o $out/bin/show \${${join(folder, "main.c")}} \${flags}'';
    } // more);
  in {
    linked = program "linked" "-lcrypto" { };
    static = program "static" "-Wl,-Bstatic -lcrypto -Wl,-Bdynamic -ldl -pthread" {
      linkage.allow = [ { soname = "libcrypto.a"; reason = "shown on patch day"; } ];
    };
    bundled = program "bundled" "-lcrypto -Wl,-rpath,'$ORIGIN/../lib'; cp /usr/lib/*/libcrypto.so.[0-9]* $out/lib" {
      linkage.allow = [ { soname = "libcrypto.so.*"; reason = "shown on patch day"; } ];
    };
    wheel = wheel {
      pname = "voyagerssl"; src = ${source}; system = ${system}; systemBuildDependencies = needs;
    };
  }`;
}

/** What OpenSSL says of itself in each delivery, run on the target. */
async function answers(): Promise<Record<Kind, string>> {
  const { bundled, linked, static: linkedIn, wheel } = deliveries;
  const wheelAnswer = `rm -rf /tmp/w; python3 -m zipfile -e ${wheel}/*.whl /tmp/w
    PYTHONPATH=/tmp/w python3 -c 'import voyagerssl; print(voyagerssl.versions())'`;
  const scripts: Record<Kind, string> = {
    bundled: `${bundled}/bin/show`,
    linked: `${linked}/bin/show`,
    static: `${linkedIn}/bin/show`,
    wheel: wheelAnswer,
  };
  const said = kinds.map(async (kind) => [kind, await machine?.must(scripts[kind])]);
  return Object.fromEntries(await Promise.all(said)) as Record<Kind, string>;
}

/** What the deliveries' own scripts say on the target. */
async function verified(): Promise<void> {
  for (const kind of kinds) {
    const result = await machine?.run(`${deliveries[kind]}/nix-support/verify --tsv`);
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(result?.stdout).not.toMatch(/^(missing|unknown)\t/m);
  }
  const linked = await machine?.must(`${deliveries.linked}/nix-support/verify --tsv`);
  const installed = await machine?.must(`dpkg-query -W -f '\${Version}' ${update.library}`);
  expect(linked).toContain(`(${update.library} ${installed})`);
}

/** What `voyager affected` says, by kind. */
async function affected(): Promise<Record<string, unknown>> {
  const query = ["--package", update.library, "--fixed", update.newer];
  const asked = await run(command, ["affected", ...query, "--json", ...Object.values(deliveries)]);
  expect(asked.status).toBe(4);
  const { deliveries: told } = JSON.parse(asked.stdout) as { deliveries: { path: string }[] };
  return Object.fromEntries(kinds.map((kind) => [kind, told.find(({ path }) => path === deliveries[kind])]));
}

/** Upstream's part of a version of Debian. */
const upstream = (version: string) => version.replace(/-[^-]*$/, "");

test("the system's upgrade patches what links to it, and nothing is built again", async () => {
  const { library, older, newer } = update;
  const before = await answers();
  for (const kind of kinds) expect(before[kind]).toMatch(`OpenSSL ${upstream(older)} `);
  await verified();
  const affectedBefore = await affected();
  const records = await storeRecord(Object.values(deliveries));

  await machine?.must(`apt-get update -qq; apt-get install -qq -y --only-upgrade ${library}`);
  const policy = await machine?.must(`apt-cache policy ${library}`);
  expect(policy).toMatch(new RegExp(`Installed: ${newer.replaceAll(/[.+]/g, "\\$&")}\n`));
  expect(policy).toMatch(/\*\*\* .*\n +500 \S+ \S+-security\/main/);

  const after = await answers();
  expect(after.linked).toMatch(`OpenSSL ${upstream(newer)} `);
  expect(after.linked).not.toBe(before.linked);
  expect(after.wheel).toBe(after.linked);
  // What holds a copy has not changed: these are what `affected` says must be built again.
  expect([after.static, after.bundled]).toEqual([before.static, before.bundled]);
  await verified();
  expect(await affected()).toEqual(affectedBefore);

  expect(await storeRecord(Object.values(deliveries))).toEqual(records);
  const again = await nixBuild(expression);
  expect(again.stdout.trim().split("\n")).toEqual(kinds.map((kind) => deliveries[kind]));
  expect(again.stderr).not.toMatch(/will be built|building/);
});

test("affected says which the upgrade alone patches, and which must be built again", async () => {
  const { library, older } = update;
  const told = await affected();
  for (const kind of ["linked", "wheel"]) {
    expect(told[kind]).toMatchObject({
      outcome: "upgrade",
      packages: [{ name: library, source: "openssl", relation: "linked", builtWith: older }],
    });
  }
  expect(told.static).toMatchObject({
    outcome: "rebuild",
    packages: [{ name: "libssl-dev", source: "openssl", relation: "static", builtWith: older }],
  });
  expect(told.bundled).toMatchObject({ outcome: "rebuild" });
  const table = await run(command, ["affected", "--package", library, ...Object.values(deliveries)]);
  const row = (kind: Kind, answer: string) => new RegExp(`^${deliveries[kind]} +${answer}`, "m");
  expect(table.stdout).toMatch(row("linked", "patched by the system upgrade alone"));
  expect(table.stdout).toMatch(row("wheel", "patched by the system upgrade alone"));
  expect(table.stdout).toMatch(row("static", "must be built again"));
  expect(table.stdout).toMatch(row("bundled", "must be built again"));
});

test("the reports were made against the main archive's version", async () => {
  for (const kind of ["linked", "wheel"] as const) {
    const report = JSON.parse(
      readFileSync(join(deliveries[kind], "nix-support/linkage.json"), "utf8"),
    ) as Report;
    expect(report.packages.find(({ name }) => name === update.library)).toMatchObject({
      version: update.older,
      relation: "linked",
      direct: true,
    });
  }
  expect(await must(command, ["verify", "--root", machine?.root ?? "", deliveries.linked])).toMatch(
    "all is there",
  );
});
