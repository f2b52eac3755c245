import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { ChannelEntry, ChannelIndex } from "../channel/channel-index.ts";
import type { VoyagerError } from "../common/errors.ts";
import { recordNames } from "../records/names.ts";
import { layOutChannel, requireCopyable, requireFolder } from "./channel-folder.ts";

const folder = temporaryFolders();
const hash = (letter: string) => letter.repeat(32);

/** A package with its records. */
function entry(store: string, letter: string): ChannelEntry {
  const path = join(store, `${hash(letter)}-${letter}`);
  mkdirSync(join(path, "nix-support"), { recursive: true });
  const records = recordNames.map((name) => [name, join(path, "nix-support", name)]);
  for (const [name, file] of records) writeFileSync(file ?? "", `${name} of ${letter}`, { mode: 0o555 });
  return {
    attribute: letter,
    name: letter,
    version: null,
    system: "x86_64-linux",
    outputs: [{ name: "out", path }],
    meta: {},
    linkage: { verdict: "pass", headline: "", system: "debian12", files: 0, allowed: 0 },
    records: Object.fromEntries(records) as Record<string, string>,
  };
}

/** A channel's folder of these packages. */
function channel(
  packages: ChannelEntry[],
  files: string[],
  binaryCacheUrl: string | null = null,
): { path: string; index: ChannelIndex } {
  const path = folder();
  for (const name of files) writeFileSync(join(path, name), `${name} of ${packages.length}`, { mode: 0o444 });
  const expressions = "packages" as const;
  return {
    path,
    index: { schema: "voyager-channel/1", name: "acme", binaryCacheUrl, expressions, packages },
  };
}
const files = ["index.html", "index.json", "nixexprs.tar.xz"];

test("files and records are there, those of before are gone, and what is others' stays", () => {
  const store = folder();
  const served = join(folder(), "deep/served");
  const [a, b] = [entry(store, "a"), entry(store, "b")];
  requireFolder(served);
  const first = channel([a], [...files, "binary-cache-url"], "https://cache.example.org");
  layOutChannel(first.path, first.index, served);
  expect(readdirSync(served).sort()).toEqual(["binary-cache-url", ...files, "records"]);
  writeFileSync(join(served, "robots.txt"), "theirs");
  mkdirSync(join(served, "records/theirs"));
  const second = channel([a, b], files);
  layOutChannel(second.path, second.index, served);
  expect(readFileSync(join(served, "nixexprs.tar.xz"), "utf8")).toBe("nixexprs.tar.xz of 2");
  expect(existsSync(join(served, "binary-cache-url"))).toBe(false);
  expect(readFileSync(join(served, `records/${hash("b")}-b/nix-support/verify`), "utf8")).toBe("verify of b");
  expect(statSync(join(served, `records/${hash("b")}-b/nix-support/verify`)).mode & 0o111).toBe(0o111);
  const third = channel([b], files);
  layOutChannel(third.path, third.index, served);
  expect(readdirSync(join(served, "records")).sort()).toEqual([`${hash("b")}-b`, "theirs"]);
  expect(readdirSync(served).sort()).toEqual([...files, "records", "robots.txt"]);
});

test("what was left half is swept up, and what another is at is left alone", () => {
  const served = folder();
  const { path, index } = channel([entry(folder(), "a")], files);
  requireFolder(served);
  const [left, under] = [".voyager-publish-aaaaaa", ".voyager-publish-bbbbbb"] as const;
  for (const name of [left, under]) {
    mkdirSync(join(served, name));
    writeFileSync(join(served, name, "index.html"), "half");
  }
  const longAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
  utimesSync(join(served, left), longAgo, longAgo);
  layOutChannel(path, index, served);
  expect(readdirSync(served).sort()).toEqual([under, ...files, "records"]);
  expect(readFileSync(join(served, under, "index.html"), "utf8")).toBe("half");
  expect(readdirSync(join(served, "records"))).toEqual([`${hash("a")}-a`]);
});

test("a name that another uses for what is half copied is not ours: nothing is written through a link there", () => {
  const [served, outside] = [folder(), join(folder(), "outside")];
  writeFileSync(outside, "theirs");
  const { path, index } = channel([entry(folder(), "a")], files);
  requireFolder(served);
  symlinkSync(outside, join(served, "nixexprs.tar.xz.new"));
  symlinkSync(outside, join(served, "index.html"));
  layOutChannel(path, index, served);
  expect(readFileSync(outside, "utf8")).toBe("theirs");
  expect(readFileSync(join(served, "index.html"), "utf8")).toBe("index.html of 1");
  expect(readlinkSync(join(served, "nixexprs.tar.xz.new"))).toBe(outside);
});

test("records that are there are replaced, be they changed, links or more", () => {
  const served = folder();
  const store = folder();
  const { path, index } = channel([entry(store, "a"), entry(store, "b"), entry(store, "c")], files);
  const support = (letter: string) => join(served, `records/${hash(letter)}-${letter}/nix-support`);
  requireFolder(served);
  mkdirSync(support("a"), { recursive: true });
  writeFileSync(join(support("a"), "verify"), "changed");
  writeFileSync(join(support("a"), "more"), "");
  const outside = folder();
  mkdirSync(join(support("b"), ".."), { recursive: true });
  symlinkSync(outside, support("b"));
  symlinkSync(outside, join(served, `records/${hash("c")}-c`));
  layOutChannel(path, index, served);
  for (const letter of ["a", "b", "c"]) {
    expect(readdirSync(support(letter)).sort()).toEqual([...recordNames]);
    expect(readFileSync(join(support(letter), "verify"), "utf8")).toBe(`verify of ${letter}`);
  }
  expect(readdirSync(outside)).toEqual([]);
});

test("a folder in the store, and a file, cannot be served", async () => {
  const store = join(folder(), `${hash("a")}-a`);
  const inStore = await thrownBy<VoyagerError>(() => requireFolder(store));
  expect(inStore).toMatchObject({ kind: "usage", details: { why: "it is in the Nix store" } });
  const file = join(folder(), "file");
  writeFileSync(file, "");
  const error = await thrownBy<VoyagerError>(() => requireFolder(file));
  expect(error.what).toBe(`the channel cannot be laid out in ${file}`);
});

test("names and paths of an index are not believed: records are copied by our names, from the package", () => {
  const served = join(folder(), "served");
  const a = entry(folder(), "a");
  a.records = { "../../../outside": "/etc/passwd", passwd: "/etc/passwd" };
  const { path, index } = channel([a], files);
  requireFolder(served);
  layOutChannel(path, index, served);
  expect(readdirSync(join(served, `records/${hash("a")}-a/nix-support`)).sort()).toEqual([...recordNames]);
  expect(readdirSync(served).sort()).toEqual([...files, "records"]);
});

describe("what a link leads to is not served", () => {
  const refused = async ({ path, index }: ReturnType<typeof channel>, file: string) => {
    const served = join(folder(), "served");
    requireFolder(served);
    const checked = await thrownBy<VoyagerError>(() => requireCopyable(path, index));
    const copied = await thrownBy<VoyagerError>(() => layOutChannel(path, index, served));
    for (const error of [checked, copied]) {
      expect(error).toMatchObject({
        kind: "record",
        what: `the channel cannot be published: ${file} is not a plain file`,
      });
    }
    expect(existsSync(join(served, "nixexprs.tar.xz"))).toBe(false);
  };

  test.each(files)("%s", async (name) => {
    const made = channel([], files);
    rmSync(join(made.path, name));
    symlinkSync("/etc/passwd", join(made.path, name));
    await refused(made, join(made.path, name));
  });

  test("a record, and the folder of the records", async () => {
    const store = folder();
    const file = join(store, `${hash("a")}-a/nix-support/verify`);
    const made = channel([entry(store, "a")], files);
    rmSync(file);
    symlinkSync("/etc/passwd", file);
    await refused(made, file);
    const other = entry(store, "b");
    const support = join(store, `${hash("b")}-b/nix-support`);
    renameSync(support, join(store, "elsewhere"));
    symlinkSync(join(store, "elsewhere"), support);
    await refused(channel([other], files), join(support, recordNames[0]));
  });
});
