import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { ChannelEntry, ChannelIndex } from "../channel/channel-index.ts";
import type { VoyagerError } from "../common/errors.ts";
import { layOutChannel, requireFolder } from "./channel-folder.ts";

const folder = temporaryFolders();
const hash = (letter: string) => letter.repeat(32);

/** A package with two of its records. */
function entry(store: string, letter: string): ChannelEntry {
  const path = join(store, `${hash(letter)}-${letter}`);
  mkdirSync(join(path, "nix-support"), { recursive: true });
  const records = ["linkage.html", "verify"].map((name) => [name, join(path, "nix-support", name)]);
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
function channel(packages: ChannelEntry[], files: string[]): { path: string; index: ChannelIndex } {
  const path = folder();
  for (const name of files) writeFileSync(join(path, name), `${name} of ${packages.length}`, { mode: 0o444 });
  return { path, index: { schema: "voyager-channel/1", name: "acme", binaryCacheUrl: null, packages } };
}
const files = ["index.html", "index.json", "nixexprs.tar.xz"];

test("files and records are there, those of before are gone, and what is others' stays", () => {
  const store = folder();
  const served = join(folder(), "deep/served");
  const [a, b] = [entry(store, "a"), entry(store, "b")];
  requireFolder(served);
  const first = channel([a], [...files, "binary-cache-url"]);
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

test("a channel that was laid out half is laid out again", () => {
  const served = folder();
  const { path, index } = channel([entry(folder(), "a")], files);
  mkdirSync(join(served, `records/new-${hash("a")}-a/nix-support`), { recursive: true });
  writeFileSync(join(served, "nixexprs.tar.xz.new"), "half");
  layOutChannel(path, index, served);
  expect(readdirSync(served).sort()).toEqual([...files, "records"]);
  expect(readdirSync(join(served, "records"))).toEqual([`${hash("a")}-a`]);
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
