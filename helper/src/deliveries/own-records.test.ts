import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtPath } from "../../testing/deliveries.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { bcryptReport } from "../../testing/reports.ts";
import type { VoyagerError } from "../common/errors.ts";
import { openOwn, requireOwnRecords } from "./own-records.ts";

const folder = temporaryFolders();

/** Another path, with a program that nobody has audited. */
function stranger(): string {
  const path = folder();
  mkdirSync(join(path, "bin"));
  writeFileSync(join(path, "bin/evil"), "");
  return path;
}

const check = async (...paths: string[]) =>
  requireOwnRecords(await Promise.all(paths.map(openOwn)), "nothing was published");
const refused = (...paths: string[]) => thrownBy<VoyagerError>(check(...paths));

test("records of the files that they lie beside are right", async () => {
  const path = builtPath(folder(), "greet");
  expect(await openOwn(path)).toMatchObject({ report: bcryptReport, problem: null });
  await check(path);
});

test("a link to the records of another path is a problem, wherever the link is", async () => {
  const support = join(builtPath(folder(), "greet"), "nix-support");
  const [whole, file] = [stranger(), stranger()];
  symlinkSync(support, join(whole, "nix-support"));
  mkdirSync(join(file, "nix-support"));
  symlinkSync(join(support, "linkage.json"), join(file, "nix-support/linkage.json"));
  for (const path of [whole, file]) {
    expect(await openOwn(path)).toMatchObject({
      report: null,
      problem: "nix-support/linkage.json: it is reached by a link",
    });
  }
});

test("copies of the records of another path are refused, with the files", async () => {
  const greet = builtPath(folder(), "greet");
  const path = stranger();
  cpSync(join(greet, "nix-support"), join(path, "nix-support"), { recursive: true });
  const error = await refused(greet, path);
  expect(error).toMatchObject({
    kind: "record",
    what: "nothing was published: records are not about the files that they lie beside",
  });
  expect(error.details.why).toBe(
    `${path} is not what the statement is about\n  bin/greet: is missing\n  bin/evil: was not built`,
  );
});

test("a provenance that is missing, a link, or not one", async () => {
  const [none, link, torn] = ["none", "link", "torn"].map((name) => builtPath(folder(), name)) as [
    string,
    string,
    string,
  ];
  const record = "nix-support/provenance.json";
  rmSync(join(none, record));
  rmSync(join(link, record));
  symlinkSync(join(builtPath(folder(), "link"), record), join(link, record));
  writeFileSync(join(torn, record), "{");
  const lines = (await refused(none, link, torn)).details.why?.split("\n");
  expect(lines?.slice(0, 3)).toEqual([
    `${none} has no ${record} of its own`,
    `${link} has no ${record} of its own`,
    `${join(torn, record)} is not a statement of provenance`,
  ]);
});
