/** What the documents say is so: their Nix blocks evaluate, their links lead somewhere, their tables are fresh. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { nix, root } from "./support/nix.ts";
import { run } from "./support/run.ts";
import { wheelIn } from "./support/target.ts";

const documents = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Each block of Nix in a document, and whether it can be evaluated: it is a whole expression. */
function nixBlocks(path: string): [where: string, expression: string][] {
  const blocks = [...read(path).matchAll(/^```nix\n(.*?)^```$/gms)];
  return blocks.map(([, expression = ""], index) => [`${path}, block ${index + 1}`, expression]);
}

/** A folder with the files that the blocks speak of. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "voyager-docs-"));
  cpSync(join(root, "tests/docs"), folder, { recursive: true });
  for (const name of ["company.asc", "company-ca.pem"]) writeFileSync(join(folder, name), `${name}\n`);
  // The profile `daemon` reads it as another user.
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes the block as a file of the folder, and runs one of Nix's commands with it. */
function withBlock(command: string, args: string[], expression: string) {
  const file = join(folder, "block.nix");
  writeFileSync(file, expression);
  return nix(command, ["-I", `nix-voyager=${root}`, ...args, file]);
}

test.each(documents.flatMap(nixBlocks))("%s can be instantiated", async (_where, expression) => {
  const isDerivation = !/\)\.spec\s*$/.test(expression);
  const how = isDerivation ? [] : ["--eval", "--strict"];
  const result = await withBlock("nix-instantiate", how, expression);
  expect(result).toMatchObject({ status: 0, stderr: expect.not.stringContaining("error:") });
  if (isDerivation) expect(result.stdout).toMatch(/\.drv/);
});

describe("the README's example", () => {
  /** The block that calls the function, built; resolves with its store path. */
  async function built(name: string): Promise<string> {
    const [, expression] = nixBlocks("README.md").find(([, text]) => text.includes(`.${name} {`)) ?? [];
    expect(expression?.trim().split("\n").length).toBeLessThanOrEqual(12);
    const result = await withBlock("nix-build", ["--no-out-link"], expression ?? "");
    expect(result).toMatchObject({ status: 0 });
    return result.stdout.trim();
  }

  test("of mkDockerBuild builds, and its program runs", async () => {
    const path = await built("mkDockerBuild");
    expect(await run(join(path, "bin/hello"), [])).toMatchObject({ status: 0, stdout: "hello\n" });
  });

  test("of mkDockerWheel builds", async () => {
    expect(wheelIn(await built("mkDockerWheel"))).toMatch(/^bcrypt-3\.2\.2-cp311-.*\.whl$/);
  });
});

/** Anchors of a document's headings, as GitHub makes them. */
function anchors(path: string): string[] {
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(documents)("the links of %s lead somewhere", (path) => {
  const links = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const dead = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(target).includes(anchor));
  });
  expect(dead).toEqual([]);
});

test("docs/errors.md has the exit codes of the code", async () => {
  const result = await run(process.execPath, ["docs/generate-errors.mjs", "--check"]);
  expect(result.stderr).toBe("");
});

test("the JSON Schemas in docs/ are those of the code", async () => {
  const result = await run(process.execPath, ["docs/generate-schemas.mjs", "--check"]);
  expect(result.stderr).toBe("");
});
