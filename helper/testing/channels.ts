/** Packages of channels, specs of them, and what becomes of these. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeChannel } from "../src/channel/make.ts";
import type { VoyagerError } from "../src/common/errors.ts";
import type { Report } from "../src/linkage/report.ts";
import type { ChannelPackage, ChannelSpec } from "../src/spec/channel.ts";
import { specVersion } from "../src/spec/spec.ts";
import { builtPath } from "./deliveries.ts";
import { thrownBy } from "./logs.ts";
import { bcryptReport } from "./reports.ts";

/** What a store path begins with. */
export const hash = (letter: string) => letter.repeat(32);

/** A store path with all records of a build that has this report. */
export const built = (store: string, name: string, report: Report | string = bcryptReport) =>
  builtPath(store, name, { report });

export const packageOf = (
  attribute: string,
  path: string,
  more: Partial<ChannelPackage> = {},
): ChannelPackage => ({
  attribute,
  name: `${attribute}-1.0`,
  version: "1.0",
  system: "x86_64-linux",
  outputs: [{ name: "out", path }],
  meta: {},
  ...more,
});

export const specOf = (packages: ChannelPackage[], more: Partial<ChannelSpec> = {}): ChannelSpec => ({
  version: specVersion,
  name: "acme",
  binaryCacheUrl: null,
  src: null,
  packages,
  constituents: [],
  ...more,
});

/** The channel of a build with the outputs dev and out, which lie in the folder. */
export function twoOutputs(store: string) {
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

/** Makes a channel in an empty folder; its own folder, and a reader of its files. */
export async function made(folder: string, spec: ChannelSpec) {
  const out = join(folder, "channel");
  await makeChannel(spec, out);
  return { out, read: (name: string) => readFileSync(join(out, name), "utf8") };
}

/** What refuses a channel in an empty folder; nothing of it may be there. */
export async function refusal(folder: string, spec: ChannelSpec): Promise<VoyagerError> {
  const out = join(folder, "channel");
  const error = await thrownBy<VoyagerError>(makeChannel(spec, out));
  expect(readdirSync(dirname(out))).toEqual([]);
  return error;
}
