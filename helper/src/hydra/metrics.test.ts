import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { report, reportFile, systemLibrary } from "../../testing/reports.ts";
import { metricLine } from "./grammar.ts";
import { linkageMetrics, sizeMetrics } from "./metrics.ts";

const folder = temporaryFolders();

test("files of all outputs, without links and records", () => {
  const [out, dev] = [folder(), folder()];
  mkdirSync(join(out, "nix-support"));
  writeFileSync(join(out, "nix-support/linkage.json"), "x".repeat(1000));
  mkdirSync(join(out, "bin"));
  writeFileSync(join(out, "bin/a"), "1234");
  writeFileSync(Buffer.concat([Buffer.from(`${dev}/`), Buffer.from([0xff])]), "12");
  symlinkSync("bin/a", join(out, "b"));
  const lines = sizeMetrics([out, dev], join(out, "nix-support")).map(metricLine);
  expect(lines).toEqual(["output.files 2", "output.size 6 bytes"]);
});

test("libraries count once, whoever needs them", () => {
  const libraries = [systemLibrary("libz"), systemLibrary("libc6")];
  const made = report([reportFile("bin/a", libraries), reportFile("bin/b", libraries.slice(1))], []);
  const lines = linkageMetrics(made).map(metricLine);
  expect(lines).toContain("linkage.files 2");
  expect(lines).toContain("linkage.libraries 2");
  expect(lines).toContain("linkage.allowed 0");
});
