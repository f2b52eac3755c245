import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { makeAttributes } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { checkProductLine, productLines } from "./products.ts";

const folder = temporaryFolders();
const product = { type: "file", subtype: "wheel", output: "out", pattern: "*.whl" };

test("files; links that lead to themselves or nowhere are no reason to fail", () => {
  const out = folder();
  writeFileSync(join(out, "b.whl"), "");
  symlinkSync("loop.whl", join(out, "loop.whl"));
  symlinkSync("/nowhere", join(out, "dangling.whl"));
  mkdirSync(join(out, "folder.whl"));
  writeFileSync(Buffer.concat([Buffer.from(`${out}/`), Buffer.from([0xff]), Buffer.from(".whl")]), "");
  const folderOfNoText = Buffer.concat([Buffer.from(`${out}/d`), Buffer.from([0xff])]);
  mkdirSync(folderOfNoText);
  expect(productLines(makeAttributes({}, { outputs: { out } }), product)).toEqual([
    `file wheel "${out}/b.whl"`,
  ]);
});

test("a link to a file of the build is the file, once; Hydra would not take the link for one", () => {
  const [out, dev] = [folder(), folder()];
  writeFileSync(join(out, "b.whl"), "");
  writeFileSync(join(dev, "d.whl"), "");
  symlinkSync("b.whl", join(out, "a.whl"));
  symlinkSync(join(dev, "d.whl"), join(out, "c.whl"));
  expect(productLines(makeAttributes({}, { outputs: { out, dev } }), product)).toEqual([
    `file wheel "${out}/b.whl"`,
    `file wheel "${dev}/d.whl"`,
  ]);
});

test("a link out of the build", async () => {
  const [out, other] = [folder(), folder()];
  writeFileSync(join(other, "x.whl"), "");
  symlinkSync(join(other, "x.whl"), join(out, "x.whl"));
  const attributes = makeAttributes({}, { outputs: { out } });
  const error = await thrownBy<VoyagerError>(() => productLines(attributes, product));
  expect(error).toMatchObject({ kind: "output", what: `Hydra cannot be given the file ${out}/x.whl` });
  expect(error.details.why).toBe(`it is a link to ${other}/x.whl, which is not in an output of this build`);
});

describe("lines of the build script", () => {
  const refused = async (line: (out: string) => string) => {
    const out = folder();
    mkdirSync(join(out, "share"));
    const attributes = makeAttributes({}, { outputs: { out } });
    try {
      checkProductLine(line(out), attributes);
    } catch (error) {
      return (error as VoyagerError).details.why;
    }
    return null;
  };

  test("files and folders of the outputs", async () => {
    expect(await refused((out) => `report coverage ${out}/share index.html`)).toBeNull();
    expect(await refused((out) => `doc manual "${out}/share"`)).toBeNull();
  });

  test.each<[string, (out: string) => string]>([
    ["it is not: type", (out) => `manual ${out}/share`],
    ["does not exist", (out) => `doc manual ${out}/missing`],
    ["not in an output", () => "doc manual /etc/passwd"],
    ["not in an output", (out) => `doc manual ${out}/../../etc/passwd`],
  ])("%s", async (why, line) => {
    expect(await refused(line)).toContain(why);
  });
});
