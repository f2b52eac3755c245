import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, hash, made, packageOf, specOf, twoOutputs } from "../../testing/channels.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { recordNames } from "../records/names.ts";
import { type ChannelIndex, readIndex } from "./channel-index.ts";

const folder = temporaryFolders();

/** Unpacks its expressions as Nix does; the folder that they are in. */
function unpacked(out: string): string {
  const target = folder();
  const { status, stderr } = spawnSync("tar", ["-xJf", join(out, "nixexprs.tar.xz"), "-C", target]);
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
  expect(readdirSync(target)).toEqual(["acme"]);
  return join(target, "acme");
}

test("an index with verdicts and records, expressions with the same index, and lines for Hydra", async () => {
  const store = folder();
  const path = built(store, `${hash("a")}-bcrypt-1.0`);
  const { out, read } = await made(
    folder(),
    specOf([packageOf("bcrypt", path)], {
      binaryCacheUrl: "https://cache.example.org",
      constituents: [path, join(store, `${hash("t")}-test`)],
    }),
  );
  const index = JSON.parse(read("index.json")) as ChannelIndex;
  expect(index).toMatchObject({
    schema: "voyager-channel/1",
    name: "acme",
    binaryCacheUrl: "https://cache.example.org",
    packages: [
      {
        attribute: "bcrypt",
        version: "1.0",
        outputs: [{ name: "out", path }],
        linkage: {
          verdict: "pass",
          system: "debian12",
          files: 1,
          allowed: 0,
          headline: "Every library that this build needs is the system's own.",
        },
      },
    ],
  });
  expect(Object.keys(index.packages[0]?.records ?? {})).toEqual(recordNames);
  for (const [name, record] of Object.entries(index.packages[0]?.records ?? {})) {
    expect(record).toBe(join(path, "nix-support", name));
  }
  expect(readIndex(out)).toEqual(index);
  expect(readFileSync(join(unpacked(out), "index.json"), "utf8")).toBe(read("index.json"));
  expect(read("binary-cache-url")).toBe("https://cache.example.org");
  expect(readlinkSync(join(out, "records", `${hash("a")}-bcrypt-1.0`))).toBe(path);
  expect(read("nix-support/hydra-build-products").split("\n")[0]).toBe(`channel - ${out}/nixexprs.tar.xz`);
  for (const line of read("nix-support/hydra-build-products").trim().split("\n")) {
    expect(readFileSync(line.split(" ")[2] ?? "").length).toBeGreaterThan(0);
  }
  expect(read("nix-support/hydra-aggregate-constituents")).toBe(`${path} test\n`);
});

test("the same bytes each time, and no cache told where none is given", async () => {
  const store = folder();
  const spec = specOf([
    packageOf("a", built(store, `${hash("a")}-a`)),
    packageOf("b", built(store, `${hash("b")}-b`)),
  ]);
  const [one, two] = [await made(folder(), spec), await made(folder(), spec)];
  for (const name of ["nixexprs.tar.xz", "index.json", "index.html"])
    expect(one.read(name)).toBe(two.read(name));
  expect(readdirSync(one.out).sort()).toEqual([
    "index.html",
    "index.json",
    "nix-support",
    "nixexprs.tar.xz",
    "records",
  ]);
});

test("the records of several outputs are those of out", async () => {
  const { out: path, spec } = twoOutputs(folder());
  const { out } = await made(folder(), spec);
  expect(readIndex(out)?.packages[0]?.records["linkage.json"]).toBe(join(path, "nix-support/linkage.json"));
});

test("a channel of sources has the files of its folder, with their modes and links", async () => {
  const src = folder();
  mkdirSync(join(src, "lib"));
  writeFileSync(join(src, "default.nix"), "{ }: import ./lib");
  writeFileSync(join(src, "lib/default.nix"), "1");
  writeFileSync(join(src, "run"), "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("lib", join(src, "link"));
  const { out } = await made(folder(), specOf([], { src }));
  const expressions = unpacked(out);
  const listed = spawnSync("tar", ["-tvJf", join(out, "nixexprs.tar.xz")], {
    encoding: "utf8",
    env: { TZ: "UTC" },
  });
  expect(listed.stdout.split("\n").map((line) => line.replace(/\s+/g, " "))).toEqual([
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 acme/",
    "-rw-r--r-- 0/0 17 1970-01-01 00:00 acme/default.nix",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 acme/lib/",
    "-rw-r--r-- 0/0 1 1970-01-01 00:00 acme/lib/default.nix",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 acme/link -> lib",
    "-rwxr-xr-x 0/0 10 1970-01-01 00:00 acme/run",
    "",
  ]);
  expect(readFileSync(join(expressions, "link/default.nix"), "utf8")).toBe("1");
});
