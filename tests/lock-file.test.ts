/** What the helper needs of package-lock.json: written down beforehand (helper/nix/resolved), or worked out. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./support/nix.ts";
import { must, run } from "./support/run.ts";

/** Names of the archives that the helper's bundle is made of. */
async function archives(folder: string): Promise<string[]> {
  const packages = 'import ./helper/nix/packages.nix { registry = null; platform.cpu = "x64"; }';
  const names = `map (package: package.archive.name) (${packages}).production`;
  return JSON.parse(
    await must("nix-instantiate", ["--eval", "--json", "--strict", "-E", names], { cwd: folder }),
  );
}

test("what is written down is what the lock file says", async () => {
  const { status, stderr } = await run(process.execPath, [join(root, "helper/nix/resolve.mjs"), "--check"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("another lock file is followed all the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "voyager-lock-"));
  try {
    for (const name of ["helper/nix", "helper/bundle", "package-lock.json"]) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    const before = await archives(folder);
    const file = join(folder, "package-lock.json");
    const pino = /("node_modules\/pino": \{\s+"version": ")[^"]+/;
    writeFileSync(file, readFileSync(file, "utf8").replace(pino, "$199.9.9"));
    const isPino = (name: string) => /^pino-\d/.test(name);
    expect(await archives(folder)).toEqual(before.map((name) => (isPino(name) ? "pino-99.9.9.tgz" : name)));
    expect(before.filter(isPino)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
