/** SBOMs inside wheels, as Python's own tools see them: one that Nix built, and large ones of others. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaErrors } from "../helper/testing/cyclonedx-schema.ts";
import { addSbomToWheel } from "../helper/src/records/wheel/add-sbom.ts";
import { buildAttribute, root } from "./support/nix.ts";
import { must } from "./support/run.ts";

interface Part {
  type: string;
  name: string;
  purl?: string;
  hashes?: { content: string }[];
  properties?: { name: string; value: string }[];
}
interface Sbom {
  metadata: { component: Part };
  components: Part[];
  formulation?: unknown[];
}

const folder = mkdtempSync(join(tmpdir(), "voyager-wheel-sbom-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bin = (name: string) => join(folder, "venv/bin", name);
const sbomPath = "sboms/nix-voyager.cdx.json";
const check = (...wheels: string[]) =>
  must("python3", [join(root, "tests/support/check_wheel.py"), ...wheels]);
const wheelIn = (path: string, start = "") =>
  join(path, readdirSync(path).find((name) => name.startsWith(start) && name.endsWith(".whl")) ?? "no wheel");

let built: string;
beforeAll(async () => {
  await must("python3", ["-m", "venv", join(folder, "venv")]);
  await must(bin("pip"), ["install", "--quiet", "wheel", "auditwheel", "cffi", "six"]);
  built = await buildAttribute("bcryptWheel");
});

async function sbomOf(wheel: string, distInfo: string): Promise<Sbom> {
  return JSON.parse(await must("unzip", ["-p", wheel, `${distInfo}/${sbomPath}`])) as Sbom;
}

test("a wheel that Nix built has its SBOM, recorded", async () => {
  await check(wheelIn(built));
  const sbom = await sbomOf(wheelIn(built), "bcrypt-3.2.2.dist-info");
  expect(schemaErrors(sbom)).toEqual([]);
  expect(sbom.metadata.component).toMatchObject({ name: "bcrypt", purl: "pkg:pypi/bcrypt@3.2.2" });
  expect(sbom.formulation).toBeUndefined();
  const libc = sbom.components.find(({ name }) => name === "libc6");
  expect(libc?.purl).toMatch(/^pkg:deb\/debian\/libc6@2\.36.*\?arch=amd64&distro=debian-12&upstream=glibc$/);
  expect(libc?.properties).toContainEqual({ name: "nix-voyager:relation", value: "linked" });
});

test("the hash that it has of a file is the file's", async () => {
  const sbom = await sbomOf(wheelIn(built), "bcrypt-3.2.2.dist-info");
  const [file] = sbom.components.filter(({ type }) => type === "file");
  const sum = await must("sh", ["-c", `unzip -p ${wheelIn(built)} ${file?.name} | sha256sum`]);
  expect(file?.hashes?.[0]?.content).toBe(sum.split(" ")[0]);
});

test("pip installs it and finds nothing missing; the SBOM is among the installed files", async () => {
  await must(bin("pip"), ["install", "--quiet", "--no-deps", wheelIn(built)]);
  expect(await must(bin("pip"), ["check"])).toContain("No broken requirements");
  expect(await must(bin("pip"), ["show", "--files", "bcrypt"])).toContain(sbomPath);
  await must(bin("python"), [
    "-c",
    "import bcrypt; assert bcrypt.checkpw(b'a', bcrypt.hashpw(b'a', bcrypt.gensalt(4)))",
  ]);
  await must(bin("pip"), ["uninstall", "--quiet", "--yes", "bcrypt"]);
});

test("wheel unpacks it, which compares all of RECORD, and packs it again", async () => {
  const unpacked = join(folder, "unpacked");
  mkdirSync(unpacked);
  await must(bin("wheel"), ["unpack", "--dest", unpacked, wheelIn(built)]);
  await must(bin("wheel"), ["pack", "--dest-dir", unpacked, join(unpacked, "bcrypt-3.2.2")]);
  await check(wheelIn(unpacked));
});

test("the SBOM in nix-support names what it was built from, and is valid", async () => {
  const text = await must("cat", [join(built, "nix-support/sbom.cdx.json")]);
  const sbom = JSON.parse(text) as Sbom;
  expect(schemaErrors(sbom)).toEqual([]);
  expect(JSON.stringify(sbom.formulation)).toContain("pkg:deb/debian/libffi-dev@");
  expect(JSON.stringify(sbom.components)).not.toContain("libffi-dev");
});

/** What auditwheel says, without line breaks and with its sets in order. */
async function audited(wheel: string): Promise<string[]> {
  const text = await must(bin("auditwheel"), ["show", wheel]);
  return text.split(/[\s,{}]+/).sort();
}

describe("wheels of others", () => {
  const fetched = join(folder, "fetched");
  beforeAll(() =>
    must(bin("pip"), [
      "download",
      "--quiet",
      "--no-deps",
      "--only-binary=:all:",
      "--dest",
      fetched,
      "scipy",
      "markupsafe",
      "six",
    ]),
  );

  test.each(["scipy", "markupsafe", "six"])("%s", async (name) => {
    const before = wheelIn(fetched, name);
    const changed = before.replace(fetched, folder);
    copyFileSync(before, changed);
    const start = performance.now();
    expect(await addSbomToWheel(changed, () => '{"bomFormat":"CycloneDX"}')).toEqual({ added: true });
    // scipy has 35 MB in 1,500 files; recompressing it would take some 10 seconds.
    expect(performance.now() - start).toBeLessThan(2500);
    expect(statSync(changed).size - statSync(before).size).toBeGreaterThan(0);
    await check(changed, before);
    // auditwheel reads some megabytes a second, and nothing where nothing is compiled.
    if (name === "markupsafe") expect(await audited(changed)).toEqual(await audited(before));
    await must(bin("pip"), [
      "install",
      "--quiet",
      "--no-deps",
      "--target",
      join(folder, `target-${name}`),
      changed,
    ]);
  });
});
