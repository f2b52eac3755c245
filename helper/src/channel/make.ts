/** Makes a channel, as mkChannel declares it: everything is checked before the first file is written. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { visible } from "../common/text.ts";
import { requireApproved } from "../deliveries/approved.ts";
import { type Delivery, hasRecord } from "../deliveries/delivery.ts";
import { failureText, keptFailure } from "../deliveries/kept-failure.ts";
import { openOwn, requireDescribed, requireOwnRecords } from "../deliveries/own-records.ts";
import type { Report } from "../linkage/report.ts";
import { type ChannelSpec, recordedOutput } from "../spec/channel.ts";
import { type ChannelIndex, indexFile, indexOf, indexText } from "./channel-index.ts";
import { renderIndexPage } from "./page.ts";
import { givenExpressions, ownExpressions, tarball } from "./tarball.ts";

/** Files of a channel, relative to it. */
export const channelFiles = {
  expressions: "nixexprs.tar.xz",
  cacheUrl: "binary-cache-url",
  page: "index.html",
  index: indexFile,
  /** Has a link to each package, or in a folder that is served its records, by the name of its store path. */
  records: "records",
} as const;

/** Files in its nix-support/. */
export const hydraFiles = {
  products: "nix-support/hydra-build-products",
  constituents: "nix-support/hydra-aggregate-constituents",
} as const;

/** Makes the channel's files in the folder `out`, which is made. Throws `record`, `linkage`, `test` and `source` errors. */
export async function makeChannel(spec: ChannelSpec, out: string): Promise<ChannelIndex> {
  requireSuccess(spec);
  const reports = await approvedReports(spec);
  const index = indexOf({ ...spec, expressions: spec.src === null ? "packages" : "src" }, reports);
  const text = indexText(index);
  const entries = spec.src === null ? ownExpressions(spec.name, text) : givenExpressions(spec.name, spec.src);
  const { expressions, cacheUrl, page, records } = channelFiles;
  const files: [name: string, content: string | Buffer][] = [
    [indexFile, text],
    [page, renderIndexPage(index)],
    ...(spec.binaryCacheUrl === null ? [] : ([[cacheUrl, spec.binaryCacheUrl]] as [string, string][])),
    [expressions, tarball(entries)],
    [hydraFiles.products, products(out)],
    [hydraFiles.constituents, `${constituentsOf(spec).join(" ")}\n`],
  ];
  mkdirSync(join(out, "nix-support"), { recursive: true });
  mkdirSync(join(out, records));
  for (const [name, content] of files) writeFileSync(join(out, name), content);
  for (const path of new Set(spec.packages.map(recordedOutput))) {
    symlinkSync(path, join(out, records, basename(path)));
  }
  return index;
}

/** The reports of the packages, in their order. Every output is judged: by its own report, or with the one that has it. */
async function approvedReports({ name, packages }: ChannelSpec): Promise<Report[]> {
  const refusal = `the channel '${name}' is not made`;
  const opened = await Promise.all(packages.map((one) => openOwn(recordedOutput(one))));
  const others = packages.flatMap((one, number) =>
    one.outputs
      .filter(({ path }) => path !== recordedOutput(one))
      .map((output) => ({ ...output, recorded: opened[number] as Delivery })),
  );
  const audited = await Promise.all(others.map(({ path }) => openOwn(path)));
  const own = audited.filter(hasRecord);
  const reports = requireApproved([...opened, ...own], refusal);
  await requireOwnRecords([...opened, ...own], refusal);
  await requireDescribed(
    others.filter((_unused, number) => !own.includes(audited[number] as Delivery)),
    refusal,
  );
  return reports.slice(0, opened.length);
}

/** The packages' paths; of what else had to succeed the names: a path would come to whoever fetches the channel. */
function constituentsOf({ constituents, packages }: ChannelSpec): string[] {
  const delivered = new Set(packages.flatMap(({ outputs }) => outputs.map(({ path }) => path)));
  return constituents.map((path) =>
    delivered.has(path) ? path : basename(path).replace(/^[0-9a-z]{32}-/, ""),
  );
}

/** Lines for Hydra. It takes the first for a channel, and leads people from the others to the index. */
function products(out: string): string {
  const lines = [
    `channel - ${join(out, channelFiles.expressions)}`,
    `report channel ${join(out, channelFiles.page)}`,
    `file index ${join(out, channelFiles.index)}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Nothing that had to succeed, and no output of a package, may say that it has failed. */
function requireSuccess({ name, constituents, packages }: ChannelSpec): void {
  const outputs = packages.flatMap((one) => one.outputs.map(({ path }) => path));
  const failed = [...new Set([...constituents, ...outputs])].flatMap((path) => {
    const failure = keptFailure(path);
    return failure === null ? [] : [`${visible(path)}: ${failureText(failure)}`];
  });
  if (failed.length === 0) return;
  throw new VoyagerError("test", `the channel '${name}' is not made: what it depends on has failed`, {
    why: failed.join("\n"),
    remedy: "see the log and the report of each",
  });
}
