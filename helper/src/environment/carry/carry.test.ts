import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { FakeEngine } from "../../../testing/fake-engine.ts";
import { temporaryFolders } from "../../../testing/folders.ts";
import { makeImageArchive } from "../../../testing/image-archives.ts";
import { keptLog, thrownBy } from "../../../testing/logs.ts";
import { makeSystem } from "../../../testing/specs.ts";
import { rawEntry } from "../../../testing/tars.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { ensureEnvironment } from "../environments.ts";
import { labels } from "../labels.ts";
import { exportEnvironment } from "./export.ts";
import { importEnvironment } from "./import.ts";

const folder = temporaryFolders();
const { log, messages } = keptLog();
beforeEach(() => messages.splice(0));

const request = { system: makeSystem(), layers: [["gcc"], ["libffi-dev"]], maxAge: 86400 };

/** An engine of a machine of its own. @param base id of its base image */
function makeEngine(base?: string): FakeEngine {
  const engine = new FakeEngine();
  if (base) engine.add("debian:12", { id: base });
  engine.program = ({ command, onOutput }) => {
    const record =
      "@@ packages\nii \tgcc\t12\tamd64\tgcc\t12\n@@ os-release\nID=debian\n@@ passwd\n@@ group\n";
    if (command.join(" ").includes("dpkg-query")) onOutput(1, Buffer.from(record));
    return 0;
  };
  return engine;
}

const base = `sha256:${"ba5e".repeat(16)}`;
const other = `sha256:${"07e4".repeat(16)}`;

/** An engine with the environment, and where it was exported to. */
async function exported(): Promise<{ engine: FakeEngine; output: string; name: string }> {
  const engine = makeEngine(base);
  const output = join(folder(), "carried");
  const { environment } = await exportEnvironment(engine, request, output, log);
  return { engine, output, name: environment.name };
}

const importing = (engine: FakeEngine, output: string, replaceBase = false) =>
  importEnvironment(engine, output, { replaceBase }, log);

test("an engine that imported it need not make it, whatever it had", async () => {
  const { engine, output, name } = await exported();
  const elsewhere = makeEngine();
  await importing(elsewhere, output);
  expect((await elsewhere.image(name))?.id).toBe((await engine.image(name))?.id);
  const here = await ensureEnvironment(engine, request, log);
  const there = await ensureEnvironment(elsewhere, request, log);
  expect(there).toEqual(here);
  expect(elsewhere.started).toEqual([]);
  expect(messages).toContainEqual(
    expect.stringMatching(new RegExp(`^${name}: imported, 0 MB, package lists of 20`)),
  );
});

test("what is written says what it is, to people and to the import", async () => {
  const { engine, output, name } = await exported();
  expect(readdirSync(output).sort()).toEqual(["images.json", "images.tar"]);
  expect(statSync(output).mode & 0o777).toBe(0o755);
  expect(JSON.parse(readFileSync(join(output, "images.json"), "utf8"))).toEqual({
    format: "voyager-environment/1",
    environment: { name, id: (await engine.image(name))?.id },
    base: { name: "debian:12", id: base },
    system: "debian12",
    packages: ["gcc", "libffi-dev"],
    asOf: expect.stringMatching(/^20.*Z$/),
    archive: {
      size: statSync(join(output, "images.tar")).size,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
});

test("the second time there is nothing to do", async () => {
  const { engine, output, name } = await exported();
  truncateSync(join(output, "images.tar"), 0); // which nobody then reads
  await importing(engine, output);
  expect(messages.at(-1)).toBe(`${name}: exists`);
});

test("an engine with another base image: refused, unless that may be replaced", async () => {
  const { output, name } = await exported();
  const elsewhere = makeEngine(other);
  const error = await thrownBy<VoyagerError>(importing(elsewhere, output));
  expect(error).toMatchObject({ kind: "environment", what: "the engine has another base image debian:12" });
  expect(error.details.remedy).toContain("--replace-base");
  expect(await elsewhere.image(name)).toBeNull();
  await importing(elsewhere, output, true);
  expect((await elsewhere.image("debian:12"))?.id).toBe(base);
  expect(messages.join("\n")).toContain("base image debian:12: is replaced");
  await ensureEnvironment(elsewhere, request, log);
  expect(elsewhere.started).toEqual([]);
});

describe("an archive that was altered is refused before the engine sees any of it", () => {
  const change = (file: string, at: number, to: string) => {
    const data = readFileSync(file);
    data.write(to, at < 0 ? data.length + at : at);
    writeFileSync(file, data);
  };
  const list = (output: string) => readFileSync(join(output, "images.tar")).lastIndexOf("debian:12");

  test.each<[string, (file: string, output: string) => void, RegExp]>([
    ["a byte of a layer", (file) => change(file, 60_000, "X"), /SHA-256 is [0-9a-f]{64}, not /],
    ["the name of an image", (file, output) => change(file, list(output), "debian:13"), /SHA-256 is/],
    [
      "its end is missing",
      (file) => truncateSync(file, 70_000),
      /ends before its end, behind the entry layer\/layer.tar/,
    ],
    ["all of it is missing", (file) => truncateSync(file, 0), /ends before its end/],
    ["something behind its end", (file) => writeFileSync(file, "more", { flag: "a" }), /bytes, not/],
    ["it is something else", (file) => writeFileSync(file, "nonsense ".repeat(1000)), /./],
  ])("%s", async (_name, alter, why) => {
    const { output } = await exported();
    const file = join(output, "images.tar");
    alter(file, output);
    const elsewhere = makeEngine();
    const error = await thrownBy<VoyagerError>(importing(elsewhere, output));
    expect(error).toMatchObject({ kind: "environment", what: `${file} was altered, or is not whole` });
    expect(error.details.why).toMatch(why);
    expect(error.details.remedy).toContain("the engine has got nothing of it");
    expect([...elsewhere.held.keys()]).toEqual([]);
  });

  test("it is altered behind the check", async () => {
    const { output } = await exported();
    const file = join(output, "images.tar");
    const elsewhere = makeEngine();
    const sent: Buffer[] = [];
    elsewhere.loadImages = async (archive) => {
      change(file, list(output), "debian:13");
      for await (const piece of archive) sent.push(piece as Buffer);
      throw new Error("the engine took it");
    };
    const error = await thrownBy<VoyagerError>(importing(elsewhere, output));
    expect(error).toMatchObject({ kind: "environment", what: `${file} was altered, or is not whole` });
    expect(error.details.why).toContain("another one when it was read to check it");
    expect(sent).toEqual([]);
  });

  test("it is not there", async () => {
    const { output } = await exported();
    rmSync(join(output, "images.tar"));
    expect((await thrownBy<VoyagerError>(importing(makeEngine(), output))).details.why).toContain("ENOENT");
  });

  test("it names more than its description does", async () => {
    const { engine, output, name } = await exported();
    const images = [name, "debian:12"].map((one) => ({ ...(engine.held.get(one) as object), name: one }));
    const more = [...images, { id: other, name: "debian:13", labels: {} }] as Parameters<
      typeof makeImageArchive
    >[0];
    await exportAs(output, makeImageArchive(more));
    const elsewhere = makeEngine();
    const error = await thrownBy<VoyagerError>(importing(elsewhere, output));
    expect(error.details.why).toMatch(/^it holds .*debian:13 \(sha256:07e407e407e4\), not /);
    expect([...elsewhere.held.keys()]).toEqual([]);
  });
});

test.each(["./manifest.json", "a/manifest.json"])(
  "an archive with a second list, %s, which an engine might take",
  async (second) => {
    const { output } = await exported();
    const entry = rawEntry({ name: second }, '[{"Config":"x","RepoTags":["debian:13"]}]');
    const archive = readFileSync(join(output, "images.tar"));
    await exportAs(output, Buffer.concat([archive.subarray(0, -1024), entry, Buffer.alloc(1024)]));
    const elsewhere = makeEngine();
    const error = await thrownBy<VoyagerError>(importing(elsewhere, output));
    expect(error.details.why).toBe(`it has a second manifest.json, ${second}`);
    expect([...elsewhere.held.keys()]).toEqual([]);
  },
);

/** Puts another archive in the place of an exported one, with a description that fits. */
async function exportAs(output: string, archive: Buffer, change: object = {}): Promise<void> {
  const file = join(output, "images.json");
  const sha256 = (await import("node:crypto")).createHash("sha256").update(archive).digest("hex");
  const description = { ...JSON.parse(readFileSync(file, "utf8")), ...change };
  writeFileSync(file, JSON.stringify({ ...description, archive: { size: archive.length, sha256 } }));
  writeFileSync(join(output, "images.tar"), archive);
}

test("an image under a name that is not that of what its labels say", async () => {
  const { engine, output, name } = await exported();
  const image = engine.held.get(name) as { id: string; labels: Record<string, string> };
  const lying = { ...image, name, labels: { ...image.labels, [labels.packages]: '["gcc"]' } };
  const before = { id: base, name: "debian:12", labels: {} };
  await exportAs(output, makeImageArchive([lying, before]));
  const elsewhere = makeEngine();
  // Nor does it stay, to be found by builds, or by who tries again.
  for (const _attempt of [1, 2]) {
    const error = await thrownBy<VoyagerError>(importing(elsewhere, output));
    expect(error).toMatchObject({ kind: "environment", what: `${name} did not arrive as it was sent` });
    expect([...elsewhere.held.keys()]).toEqual([]);
  }
});

describe("a description that is none", () => {
  test.each<[string, string | null, RegExp]>([
    ["not there", null, /no such file/],
    ["not JSON", "{", /JSON/],
    ["another version", '{"format":"voyager-environment/2"}', /format: .*voyager-environment\/1/],
    ["a digest that is none", '{"archive":{"size":1,"sha256":"x"}}', /archive.sha256/],
  ])("%s", async (_name, text, why) => {
    const place = folder();
    if (text !== null) writeFileSync(join(place, "images.json"), text);
    const error = await thrownBy<VoyagerError>(importing(makeEngine(), place));
    expect(error.kind).toBe("environment");
    expect(error.details.why).toMatch(why);
  });
});

describe("an export is whole or is not", () => {
  const exportTo = (engine: FakeEngine, output: string, change: object = {}) =>
    thrownBy<VoyagerError>(exportEnvironment(engine, { ...request, ...change }, output, log));

  test("nothing is written over", async () => {
    const { engine, output } = await exported();
    expect(await exportTo(engine, output)).toMatchObject({ kind: "usage", what: `${output} exists` });
    const nowhere = join(output, "no", "where");
    expect(await exportTo(engine, nowhere)).toMatchObject({
      kind: "usage",
      what: `${nowhere} cannot be made`,
    });
  });

  test.each<[string, (archive: Buffer) => Buffer, RegExp]>([
    ["the engine ends it too early", (archive) => archive.subarray(0, 50_000), /ends before its end/],
    [
      "an error in the place of its end",
      (archive) => Buffer.concat([archive.subarray(0, -1024), Buffer.from('{"error":"disk"}')]),
      /ends before its end/,
    ],
    [
      "other images than those asked for",
      () => makeImageArchive([{ id: other, name: "a:b", labels: {} }]),
      /it holds a:b/,
    ],
    ["no images", () => makeImageArchive([], {}), /no list of images/],
    [
      "a list that is none",
      () => makeImageArchive([], [{ Config: "../x", RepoTags: ["a:b"] }]),
      /x is no configuration/,
    ],
  ])("%s", async (_name, damage, why) => {
    const engine = makeEngine(base);
    const save = engine.saveImages.bind(engine);
    engine.saveImages = async (names) => {
      const [archive] = await (await save(names)).toArray();
      return Readable.from([damage(archive as Buffer)], { objectMode: false });
    };
    const place = folder();
    const error = await exportTo(engine, join(place, "carried"));
    expect(error).toMatchObject({
      kind: "engine",
      what: "the engine's archive of the environment is not what it should be",
    });
    expect(error.details.why).toMatch(why);
    expect(readdirSync(place)).toEqual([]);
  });

  test("a base image that is named by a digest", async () => {
    const reference = `debian@${base}`;
    const engine = makeEngine();
    engine.add(reference, { id: base, tags: [] });
    const image = { reference, bootstrap: null };
    const output = join(folder(), "carried");
    const error = await exportTo(engine, output, { system: makeSystem({ image }) });
    expect(error).toMatchObject({
      kind: "environment",
      what: "the base image of debian12 cannot be carried",
    });
    expect(existsSync(output)).toBe(false);
  });
});
