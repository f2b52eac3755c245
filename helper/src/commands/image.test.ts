import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../../testing/fake-engine.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { keptLog, thrownBy } from "../../testing/logs.ts";
import { makeSystem } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { bootstrapTag } from "../environment/base-image.ts";
import { labels } from "../environment/labels.ts";
import { bootstrap, list, parseAge, prune } from "./image.ts";

const folder = temporaryFolders();
const { log, messages } = keptLog();
beforeEach(() => messages.splice(0));
afterEach(() => jest.restoreAllMocks());

const hour = 3_600_000;

/** An engine with two environments, of which one is two days old. */
function makeEngine(): FakeEngine {
  const engine = new FakeEngine();
  const label = { [labels.kind]: "environment", [labels.system]: "debian12" };
  const old = {
    labels: { ...label, [labels.packages]: '["gcc","make"]' },
    created: new Date(Date.now() - 49 * hour),
  };
  engine.add("nix-voyager/environment:old", old);
  engine.add("nix-voyager/environment:new", { labels: label });
  engine.add("debian:12");
  return engine;
}

test("ages", async () => {
  expect([parseAge("30m"), parseAge("12h"), parseAge("7d"), parseAge("0d")]).toEqual([
    1_800_000,
    12 * hour,
    168 * hour,
    0,
  ]);
  for (const text of ["", "7", "d", "7w", "-7d", "1.5h", "7d "]) {
    const error = await thrownBy<VoyagerError>(() => parseAge(text));
    expect(error).toMatchObject({ kind: "usage", what: `'${text}' is not an age` });
  }
});

test("a list for people, and one for machines", async () => {
  let printed = "";
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
  await list(makeEngine(), "environment", false);
  expect(printed).toBe(`image                        system    age                 size  packages
nix-voyager/environment:new  debian12  less than a minute  1 MB
nix-voyager/environment:old  debian12  2 days              1 MB  gcc make
`);
  printed = "";
  await list(makeEngine(), "environment", true);
  expect(JSON.parse(printed)).toMatchObject([
    { tags: ["nix-voyager/environment:new"], packages: [] },
    { tags: ["nix-voyager/environment:old"], system: "debian12", packages: ["gcc", "make"] },
  ]);
});

test("pruning what is old, what is of one kind, and what is in use", async () => {
  const engine = makeEngine();
  await prune(engine, "environment", "1d", log);
  expect([...engine.held.keys()]).toEqual(["nix-voyager/environment:new", "debian:12"]);
  engine.removeImage = async () => false;
  await prune(engine, "environment", undefined, log);
  expect(messages).toEqual([
    "environment images: 1 removed",
    "environment images: 0 removed, 1 in use and kept",
  ]);
});

describe("bootstrapping", () => {
  const file = () => {
    const path = join(folder(), "systems.json");
    writeFileSync(
      path,
      JSON.stringify({ debian12: makeSystem(), debian13: makeSystem({ name: "debian13" }) }),
    );
    return path;
  };
  const run = (system: string, path: string, engine = new FakeEngine()) =>
    bootstrap(engine, { system, file: path, force: false }, log);

  test("an image that exists is not made again", async () => {
    const engine = new FakeEngine();
    engine.add(bootstrapTag(makeSystem()) as string);
    await run("debian12", file(), engine);
    expect(messages[0]).toMatch(/^base image .*: exists, less than a minute old$/);
  });

  test("a name that is not known: those that are, and the nearest", async () => {
    const error = await thrownBy<VoyagerError>(run("debain12", file()));
    expect(error).toMatchObject({ kind: "usage", what: "there is no system 'debain12'" });
    expect(error.details).toEqual({ why: "known: debian12, debian13", remedy: "did you mean debian12?" });
  });

  test("a file that is not there", async () => {
    const error = await thrownBy<VoyagerError>(run("debian12", join(folder(), "none.json")));
    expect(error.kind).toBe("usage");
    expect(error.details.remedy).toContain("--file");
  });
});

test("pruning environments removes the packages that were kept, by their age", async () => {
  const engine = new FakeEngine();
  engine.keptVolumes.set("new", new Date());
  engine.keptVolumes.set("old", new Date(Date.now() - 2 * 86_400_000));
  await prune(engine, "base", undefined, log);
  expect([...engine.keptVolumes.keys()]).toEqual(["new", "old"]);
  await prune(engine, "environment", "1d", log);
  expect([...engine.keptVolumes.keys()]).toEqual(["new"]);
  expect(messages.at(-1)).toBe("kept packages: of 1 systems removed");
  engine.removeVolume = async () => false;
  await prune(engine, "environment", undefined, log);
  expect(messages.at(-1)).toBe("kept packages: of 0 systems removed, 1 in use and kept");
});
