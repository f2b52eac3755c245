import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { builtPath } from "../../testing/deliveries.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { bcryptReport, failingReport, hostileReport } from "../../testing/reports.ts";
import type { VoyagerError } from "../common/errors.ts";
import type { Report } from "../linkage/report.ts";
import { recordNames } from "../records/names.ts";
import type { ChannelPackage, ChannelSpec } from "../spec/channel.ts";
import { specVersion } from "../spec/spec.ts";
import { type ChannelIndex, readIndex } from "./channel-index.ts";
import { makeChannel } from "./make.ts";

const folder = temporaryFolders();
const hash = (letter: string) => letter.repeat(32);

/** A store path with all records of a build that has this report. */
const built = (store: string, name: string, report: Report | string = bcryptReport) =>
  builtPath(store, name, { report });

const packageOf = (attribute: string, path: string, more: Partial<ChannelPackage> = {}): ChannelPackage => ({
  attribute,
  name: `${attribute}-1.0`,
  version: "1.0",
  system: "x86_64-linux",
  outputs: [{ name: "out", path }],
  meta: {},
  ...more,
});

const specOf = (packages: ChannelPackage[], more: Partial<ChannelSpec> = {}): ChannelSpec => ({
  version: specVersion,
  name: "acme",
  binaryCacheUrl: null,
  src: null,
  packages,
  constituents: [],
  ...more,
});

/** Makes a channel; its folder, and a reader of its files. */
async function made(spec: ChannelSpec) {
  const out = join(folder(), "channel");
  await makeChannel(spec, out);
  return { out, read: (name: string) => readFileSync(join(out, name), "utf8") };
}

/** What refuses a channel; nothing of it may be there. */
async function refusal(spec: ChannelSpec): Promise<VoyagerError> {
  const out = join(folder(), "channel");
  const error = await thrownBy<VoyagerError>(makeChannel(spec, out));
  expect(readdirSync(dirname(out))).toEqual([]);
  return error;
}

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
  const [one, two] = [await made(spec), await made(spec)];
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

describe("of several outputs", () => {
  /** A build with the outputs dev and out. */
  function twoOutputs() {
    const store = folder();
    const dev = join(store, `${hash("b")}-lib-dev`);
    mkdirSync(join(dev, "include"), { recursive: true });
    writeFileSync(join(dev, "include/lib.h"), "");
    const out = builtPath(store, `${hash("a")}-lib`, { others: { dev } });
    const outputs = [
      { name: "dev", path: dev },
      { name: "out", path: out },
    ];
    return { dev, out, spec: specOf([packageOf("lib", out, { outputs })]) };
  }

  test("the records are those of out", async () => {
    const { out: path, spec } = twoOutputs();
    const { out } = await made(spec);
    expect(readIndex(out)?.packages[0]?.records["linkage.json"]).toBe(join(path, "nix-support/linkage.json"));
  });

  test("one that the provenance does not tell of is refused", async () => {
    const { dev, out, spec } = twoOutputs();
    writeFileSync(join(dev, "include/evil.h"), "");
    const error = await refusal(spec);
    expect(error).toMatchObject({ kind: "record" });
    expect(error.details.why).toBe(
      `${dev} has no linkage report, and ${out}/nix-support/provenance.json does not tell of its files as output 'dev'`,
    );
  });

  test("one with a report of its own is judged by that", async () => {
    const { dev, spec } = twoOutputs();
    mkdirSync(join(dev, "nix-support"));
    writeFileSync(join(dev, "nix-support/linkage.json"), JSON.stringify(failingReport));
    expect((await refusal(spec)).details.why).toContain(`${dev}: the verdict of its linkage report is fail`);
  });
});

test("packages that must not be delivered are all named", async () => {
  const store = folder();
  mkdirSync(join(store, `${hash("c")}-bare`));
  const error = await refusal(
    specOf([
      packageOf("good", built(store, `${hash("a")}-good`)),
      packageOf("bad", built(store, `${hash("b")}-bad`, failingReport)),
      packageOf("bare", join(store, `${hash("c")}-bare`)),
      packageOf("torn", built(store, `${hash("d")}-torn`, "{")),
    ]),
  );
  expect(error).toMatchObject({ kind: "linkage" });
  expect(error.what).toContain("the channel 'acme' is not made: of 3 deliveries");
  expect(error.details.why).toContain(`${hash("b")}-bad: the verdict of its linkage report is fail`);
  expect(error.details.why).toContain(`${hash("c")}-bare: it has no linkage report`);
  expect(error.details.why).toContain(`${hash("d")}-torn: its record cannot be read`);
});

test("a record that is missing, or is a link to another's, is named", async () => {
  const path = built(folder(), `${hash("a")}-a`);
  rmSync(join(path, "nix-support/environment.json"));
  expect((await refusal(specOf([packageOf("a", path)]))).what).toBe(`${path} has no environment.json`);
  symlinkSync("/etc/passwd", join(path, "nix-support/environment.json"));
  expect((await refusal(specOf([packageOf("a", path)]))).what).toBe(`${path} has no environment.json`);
});

test("records of other files, and links to records, make no channel", async () => {
  const store = folder();
  const good = built(store, `${hash("a")}-good`);
  const [copied, linked] = [join(store, `${hash("b")}-copied`), join(store, `${hash("c")}-linked`)];
  for (const path of [copied, linked]) mkdirSync(path);
  cpSync(join(good, "nix-support"), join(copied, "nix-support"), { recursive: true });
  symlinkSync(join(good, "nix-support"), join(linked, "nix-support"));
  const error = await refusal(specOf([packageOf("copied", copied)]));
  expect(error.what).toBe(
    "the channel 'acme' is not made: records are not about the files that they lie beside",
  );
  expect(error.details.why).toContain("bin/greet: is missing");
  expect((await refusal(specOf([packageOf("linked", linked)]))).details.why).toContain("reached by a link");
});

test("what has failed and was kept for its report holds the channel back, in whatever output", async () => {
  const store = folder();
  const path = built(store, `${hash("a")}-a`);
  const [failed, dev] = [folder(), folder()];
  for (const one of [failed, dev]) mkdirSync(join(one, "nix-support"));
  writeFileSync(join(failed, "nix-support/failed"), "exit code 3\n");
  symlinkSync("nowhere", join(dev, "nix-support/failed"));
  const outputs = [
    { name: "out", path },
    { name: "dev", path: dev },
  ];
  const error = await refusal(specOf([packageOf("a", path, { outputs })], { constituents: [path, failed] }));
  expect(error).toMatchObject({
    kind: "test",
    details: {
      why: `${failed}: it failed, and was kept (nix-support/failed): exit code 3\n${dev}: it failed, and was kept (nix-support/failed)`,
    },
  });
});

describe("a channel of sources", () => {
  test("has the files of its folder, with their modes and links", async () => {
    const src = folder();
    mkdirSync(join(src, "lib"));
    writeFileSync(join(src, "default.nix"), "{ }: import ./lib");
    writeFileSync(join(src, "lib/default.nix"), "1");
    writeFileSync(join(src, "run"), "#!/bin/sh\n", { mode: 0o755 });
    symlinkSync("lib", join(src, "link"));
    const { out } = await made(specOf([], { src }));
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

  test("without a default.nix is none", async () => {
    const error = await refusal(specOf([], { src: folder() }));
    expect(error).toMatchObject({ kind: "source", what: "the channel's src has no default.nix" });
  });
});

test("the page lists packages with links to their records, and cannot be broken by names", async () => {
  const path = built(folder(), `${hash("a")}-a`);
  const evil = hostileReport.system.name;
  const { read } = await made(
    specOf([packageOf("a", path, { name: evil, version: evil, meta: { description: evil } })], {
      binaryCacheUrl: "https://cache.example.org",
    }),
  );
  const page = read("index.html");
  expect(page).toContain(`href="records/${hash("a")}-a/nix-support/linkage.html"`);
  expect(page).toContain("https://cache.example.org");
  expect(page).not.toContain("<img");
  expect(page.match(/<script>/g)).toHaveLength(1);
});

test("what is not a channel has no index; one that is damaged is told", async () => {
  const path = folder();
  expect(readIndex(path)).toBe(null);
  writeFileSync(join(path, "index.json"), "{}");
  const error = await thrownBy<VoyagerError>(() => readIndex(path));
  expect(error).toMatchObject({
    kind: "record",
    what: `${join(path, "index.json")} is not a channel's index`,
  });
});

test("an index that names other files as its records is told", async () => {
  const path = built(folder(), `${hash("a")}-a`);
  const { out, read } = await made(specOf([packageOf("a", path)]));
  for (const change of [
    { "../../outside": "/etc/passwd" },
    { verify: "/etc/passwd" },
    { verify: undefined },
  ] as Record<string, string>[]) {
    const index = JSON.parse(read("index.json")) as ChannelIndex;
    for (const one of index.packages) one.records = { ...one.records, ...change };
    const changed = folder();
    writeFileSync(join(changed, "index.json"), JSON.stringify(index));
    const error = await thrownBy<VoyagerError>(() => readIndex(changed));
    expect(error.details.why).toBe(`the records of 'a' are not those of ${path}`);
  }
  expect(readIndex(out)).not.toBe(null);
});
