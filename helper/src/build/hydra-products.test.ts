import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { makeAttributes } from "../../testing/specs.ts";
import { productLines } from "./hydra-products.ts";

const folder = temporaryFolders();

test("files and links to files; links that lead to themselves or nowhere are no reason to fail", () => {
  const out = folder();
  writeFileSync(join(out, "b.whl"), "");
  symlinkSync("b.whl", join(out, "a.whl"));
  symlinkSync("loop.whl", join(out, "loop.whl"));
  symlinkSync("/nowhere", join(out, "dangling.whl"));
  mkdirSync(join(out, "folder.whl"));
  writeFileSync(Buffer.concat([Buffer.from(`${out}/`), Buffer.from([0xff]), Buffer.from(".whl")]), "");
  const folderOfNoText = Buffer.concat([Buffer.from(`${out}/d`), Buffer.from([0xff])]);
  mkdirSync(folderOfNoText);
  const product = { type: "file", subtype: "wheel", output: "out", pattern: "*.whl" };
  expect(productLines(makeAttributes({}, { outputs: { out } }), product)).toEqual([
    `file wheel "${out}/a.whl"`,
    `file wheel "${out}/b.whl"`,
  ]);
});
