import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { makeAttributes, storePath } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { buildVariables, etcFiles, makeBuildFolder, outputPaths } from "./layout.ts";
import type { Build } from "./runner.ts";
import { readSavedBuild, saveForShell } from "./saved-build.ts";

const folder = temporaryFolders();

test("variables of the build", () => {
  const attributes = makeAttributes({ impureEnv: ["https_proxy", "ftp_proxy"] });
  const variables = buildVariables(attributes, {
    NIX_BUILD_CORES: "3",
    https_proxy: "http://p",
    SECRET: "x",
  });
  expect(variables).toMatchObject({
    out: attributes.outputs.out,
    outputs: "out",
    src: attributes.voyager.src,
    patches: storePath("a.patch"),
    HOME: "/build/home",
    TMPDIR: "/build/tmp",
    NIX_BUILD_CORES: "3",
    SOURCE_DATE_EPOCH: "315532800",
    https_proxy: "http://p",
    FOO: "bar",
    VOYAGER_TOLD: '{"of":[1,"two"]}',
  });
  expect(variables.PATH?.startsWith(`${storePath("tool")}/bin:/usr/local/sbin:`)).toBe(true);
  expect(Object.keys(variables)).not.toContain("SECRET");
  expect(Object.keys(variables)).not.toContain("ftp_proxy");
});

test("names of hosts are ours where the engine writes none", () => {
  const record = { osRelease: {}, packages: [], passwd: "", group: "" };
  const files = (network: boolean) => etcFiles(makeAttributes({ network }), record, { uid: 7, gid: 8 });
  expect(Object.keys(files(true))).toEqual(["passwd", "group"]);
  expect(files(false).passwd).toContain("builder:x:7:8:");
  expect(files(false).hosts).toMatch(/^127\.0\.0\.1\tlocalhost$/m);
});

test("what the user sets wins", () => {
  const attributes = makeAttributes({ env: { SOURCE_DATE_EPOCH: "7", TZ: "CET" } });
  expect(buildVariables(attributes, {})).toMatchObject({ SOURCE_DATE_EPOCH: "7", TZ: "CET" });
});

test("0 cores means all of them", () => {
  expect(Number(buildVariables(makeAttributes(), { NIX_BUILD_CORES: "0" }).NIX_BUILD_CORES)).toBeGreaterThan(
    0,
  );
});

test("no source, no variable", () => {
  expect(buildVariables(makeAttributes({ src: null }), {})).not.toHaveProperty("src");
});

test("a result that is one file is written beside the build", () => {
  expect(outputPaths(makeAttributes({ result: "file" }))).toEqual({ out: "/build/result-out" });
  expect(outputPaths(makeAttributes())).toEqual(makeAttributes().outputs);
});

test("the build folder", () => {
  const top = join(folder(), "container");
  makeBuildFolder(top, makeAttributes());
  expect(readdirSync(top).sort()).toEqual([".voyager", "home", "source", "tmp"]);
  expect(readFileSync(join(top, ".voyager/build-script"), "utf8")).toBe("make install");
});

describe("a build that is kept for a shell", () => {
  const build = (change = {}) =>
    ({
      attributes: makeAttributes(change),
      environment: { image: "sha256:1" },
      variables: { A: "1" },
    }) as unknown as Build;

  test("is found in the folder that Nix names, or below it", () => {
    const top = folder();
    saveForShell(top, build());
    const saved = readSavedBuild(top);
    expect(saved).toEqual({
      folder: top,
      name: "hello-1.0",
      image: "sha256:1",
      variables: { A: "1" },
      closure: [storePath("tool")],
      outputs: [storePath("hello-1.0")],
    });
  });

  test("has no output folder when the result is a file", () => {
    const top = folder();
    saveForShell(top, build({ result: "file" }));
    expect(readSavedBuild(top).outputs).toEqual([]);
  });

  test("another folder is refused", async () => {
    const error = await thrownBy<VoyagerError>(() => readSavedBuild(folder()));
    expect(error.kind).toBe("usage");
    expect(error.details.remedy).toContain("--keep-failed");
  });
});
