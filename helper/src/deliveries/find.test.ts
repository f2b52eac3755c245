import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { bcryptReport } from "../../testing/reports.ts";
import type { VoyagerError } from "../common/errors.ts";
import { environmentOf } from "./delivery.ts";
import { findDeliveries } from "./find.ts";

const folder = temporaryFolders();
const hash = (letter: string) => letter.repeat(32);

/** A folder with these files; an object is written as JSON. */
function tree(files: Record<string, unknown>): string {
  const root = folder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

const find = async (...paths: string[]) => (await findDeliveries({ paths, closure: false })).deliveries;

test("a delivery itself, by a link, by a file in it, and given twice", async () => {
  const root = tree({ "a/nix-support/linkage.json": bcryptReport, "a/x.whl": "", "a/sub/y": "" });
  symlinkSync(join(root, "a"), join(root, "result"));
  for (const path of ["a", "result", "a/x.whl", "a/sub"]) {
    expect(await find(join(root, path))).toMatchObject([{ path: join(root, "a"), report: bcryptReport }]);
  }
  expect(await find(join(root, "a"), join(root, "result"))).toHaveLength(1);
});

test("a folder is searched, and links into a store are followed, those to elsewhere not", async () => {
  const store = tree({
    [`store/${hash("a")}-one/nix-support/linkage.json`]: bcryptReport,
    [`store/${hash("a")}-one/bin/one`]: "",
    [`store/${hash("b")}-links/x`]: "",
    [`store/${hash("c")}-two/nix-support/linkage.json`]: bcryptReport,
    [`store/${hash("d")}-not-ours/deep/nix-support/linkage.json`]: bcryptReport,
    "elsewhere/nix-support/linkage.json": bcryptReport,
  });
  const at = (name: string) => join(store, "store", name);
  symlinkSync(at(`${hash("c")}-two`), at(`${hash("b")}-links/two`));
  const channel = tree({ "three/nix-support/linkage.json": bcryptReport, "deep/er/x": "" });
  symlinkSync(at(`${hash("a")}-one/bin/one`), join(channel, "deep/one"));
  symlinkSync(at(`${hash("b")}-links`), join(channel, "links"));
  symlinkSync(join(store, "elsewhere"), join(channel, "elsewhere"));
  symlinkSync("/nowhere", join(channel, "dangling"));
  symlinkSync("loop", join(channel, "loop"));
  symlinkSync(channel, join(channel, "deep/self"));
  const paths = (await find(channel)).map(({ path }) => path);
  expect(paths.sort()).toEqual(
    [at(`${hash("a")}-one`), at(`${hash("c")}-two`), join(channel, "three")].sort(),
  );
  // A whole store: each path by its own record, without a search through all files.
  expect((await find(join(store, "store"))).map(({ path }) => path)).toEqual([
    at(`${hash("a")}-one`),
    at(`${hash("c")}-two`),
  ]);
});

test("what has no report is there, and unknown; what does not exist is an error", async () => {
  const root = tree({ "a/x": "" });
  expect(await find(join(root, "a"))).toMatchObject([{ path: join(root, "a"), report: null, problem: null }]);
  const error = await thrownBy<VoyagerError>(() => find(join(root, "b")));
  expect(error).toMatchObject({ kind: "usage", what: `there is no ${join(root, "b")}` });
});

test.each([
  ["cut off", JSON.stringify(bcryptReport).slice(0, 500), "linkage.json: Unterminated string in JSON"],
  [
    "of another schema",
    { schema: "voyager-linkage/9" },
    "it is 'voyager-linkage/9', and this reads voyager-linkage/1",
  ],
  ["without its parts", { ...bcryptReport, packages: null }, "packages: Invalid type"],
])("a report that is %s is told, not passed over", async (_what, content, message) => {
  const root = tree({ "a/nix-support/linkage.json": content });
  const [delivery] = await find(root);
  expect(delivery).toMatchObject({ report: null, problem: expect.stringContaining(message) });
});

test("a pipe in place of a report does not hold the search up", async () => {
  const root = tree({ "a/nix-support/x": "" });
  spawnSync("mkfifo", [join(root, "a/nix-support/linkage.json")]);
  expect(await find(root)).toMatchObject([{ report: null, problem: expect.stringContaining("not a file") }]);
});

test("the environment of a delivery, also of one that has no report yet", async () => {
  const packages = [{ name: "libc6", version: "2.36-9", arch: "amd64" }];
  const environment = {
    schema: "voyager-environment/1",
    system: "debian12",
    osRelease: {},
    requested: [],
    packages,
  };
  const root = tree({
    "a/nix-support/environment.json": environment,
    "b/nix-support/environment.json": "[]",
  });
  const [good, bad] = await find(root);
  if (!good || !bad) throw new Error("expected two");
  expect(good.report).toBe(null);
  expect(await environmentOf(good)).toMatchObject({ system: "debian12", packages });
  expect((await thrownBy<Error>(() => environmentOf(bad))).message).toContain("environment.json: ");
});
