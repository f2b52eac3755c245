import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtPath } from "../../testing/deliveries.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { makeChannel } from "../channel/make.ts";
import type { VoyagerError } from "../common/errors.ts";
import { openOwn } from "../deliveries/own-records.ts";
import { specVersion } from "../spec/spec.ts";
import { type Channel, channelAt, requireAsMade, requireNothingElse } from "./channel.ts";

const folder = temporaryFolders();

/** A channel of one package, with the address of a cache. */
async function made({ src = null, packages = 1 }: { src?: string | null; packages?: number } = {}) {
  const path = join(folder(), "channel");
  const greet = builtPath(folder(), `${"a".repeat(32)}-greet-1`);
  const one = {
    attribute: "greet",
    name: "greet-1",
    version: "1",
    system: "x86_64-linux",
    outputs: [{ name: "out", path: greet }],
    meta: { description: "Greets", license: { free: true } },
  };
  const spec = {
    version: specVersion as 1,
    name: "acme",
    binaryCacheUrl: "https://cache.example.org",
    src,
    packages: [one].slice(0, packages),
    constituents: [],
  };
  await makeChannel(spec, path);
  return { path, deliveries: [await openOwn(greet)] };
}

/** The channel there, which is one. */
function opened(path: string): Channel {
  const channel = channelAt(path);
  if (channel === null) throw new Error(`${path} is no channel`);
  return channel;
}

test("a channel that mkChannel made is one, with packages, without, and of sources", async () => {
  const src = folder();
  writeFileSync(join(src, "default.nix"), "{ }: { }");
  for (const options of [{}, { packages: 0 }, { src }]) {
    const { path, deliveries } = await made(options);
    requireAsMade(opened(path), deliveries);
  }
});

describe("what is no channel needs a report of its own:", () => {
  test.each<[string, (path: string) => void]>([
    ["more files", (path) => writeFileSync(join(path, "bin"), "")],
    ["more files for Hydra", (path) => writeFileSync(join(path, "nix-support/propagated-user-env"), "")],
    ["more records", (path) => symlinkSync("/etc", join(path, "records/etc"))],
    ["no records", (path) => rmSync(join(path, "records"), { recursive: true })],
    ["no cache's address", (path) => rmSync(join(path, "binary-cache-url"))],
    [
      "other records",
      (path) => {
        rmSync(join(path, "records"), { recursive: true });
        mkdirSync(join(path, "records"));
        symlinkSync("/etc", join(path, `records/${"a".repeat(32)}-greet-1`));
      },
    ],
    [
      "a link for a page",
      (path) => {
        rmSync(join(path, "index.html"));
        symlinkSync("/etc/passwd", join(path, "index.html"));
      },
    ],
  ])("%s", async (_name, change) => {
    const { path } = await made();
    change(path);
    expect(channelAt(path)).toBe(null);
  });
});

describe("a channel with other content is refused:", () => {
  test.each(["nixexprs.tar.xz", "index.html", "binary-cache-url"])("%s", async (name) => {
    for (const packages of [0, 1]) {
      const { path, deliveries } = await made({ packages });
      writeFileSync(join(path, name), `${readFileSync(join(path, name), "latin1")}x`, "latin1");
      const error = await thrownBy<VoyagerError>(() => requireAsMade(opened(path), deliveries));
      expect(error).toMatchObject({
        kind: "record",
        what: `nothing was published: ${path} is not what mkChannel makes of its index`,
        details: { why: name },
      });
    }
  });

  test("an index that says other things than the reports, or more", async () => {
    for (const [from, to] of [
      ["Every library", "No library"],
      ['"schema"', '"more": 1, "schema"'],
    ] as const) {
      const { path, deliveries } = await made();
      const file = join(path, "index.json");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace(from, to));
      expect(readFileSync(file, "utf8")).not.toBe(text);
      const error = await thrownBy<VoyagerError>(() => requireAsMade(opened(path), deliveries));
      expect(error.details.why).toBe("index.json");
    }
  });

  test("packages that were not approved", async () => {
    const { path } = await made();
    const error = await thrownBy<VoyagerError>(() => requireAsMade(opened(path), []));
    expect(error.details.why).toContain("-greet-1 has no linkage report");
  });
});

test("a channel that refers to what no package needs is refused", async () => {
  const channel = opened((await made()).path);
  requireNothingElse(channel, [channel.path, "greet", "libgreet"], ["greet", "libgreet", "other"]);
  const error = await thrownBy<VoyagerError>(() =>
    requireNothingElse(channel, [channel.path, "greet", "test", "secret"], ["greet"]),
  );
  expect(error).toMatchObject({
    kind: "record",
    what: `nothing was published: ${channel.path} refers to what none of its packages needs`,
    details: { why: "test\nsecret" },
  });
});
