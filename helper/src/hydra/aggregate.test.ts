import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { keptLog, thrownBy } from "../../testing/logs.ts";
import { bcryptReport, failingReport } from "../../testing/reports.ts";
import type { VoyagerError } from "../common/errors.ts";
import type { Constituent } from "../spec/aggregate.ts";
import { aggregate } from "./aggregate.ts";
import { parseMetric, parseProduct } from "./grammar.ts";

const folder = temporaryFolders();

/** A part with these files in nix-support. */
function part(name: string, files: Record<string, string>, audited = true): Constituent {
  const out = folder();
  mkdirSync(join(out, "nix-support"));
  for (const [base, content] of Object.entries(files)) writeFileSync(join(out, "nix-support", base), content);
  return { name, outputs: { out }, audited };
}

const proven = () => part("bcrypt-3.2.2", { "linkage.json": JSON.stringify(bcryptReport) });

async function judged(...constituents: Constituent[]): Promise<string> {
  const out = join(folder(), "out");
  await aggregate(
    { aggregate: { version: 1, name: "app-1", constituents }, outputs: { out } },
    keptLog().log,
  );
  return out;
}

const refused = (...constituents: Constituent[]) => thrownBy<VoyagerError>(judged(...constituents));

test("all are fit: what was found of each, as Hydra reads it", async () => {
  const [wheel, report] = [proven(), part("app-test-1", {}, false)];
  const out = await judged(wheel, report);
  const read = (name: string) => readFileSync(join(out, name), "utf8");
  expect(JSON.parse(read("constituents.json"))).toEqual({
    schema: "voyager-aggregate/1",
    name: "app-1",
    constituents: [
      { name: "bcrypt-3.2.2", linkage: "pass", outputs: wheel.outputs },
      { name: "app-test-1", linkage: "none", outputs: report.outputs },
    ],
  });
  expect(parseProduct(read("nix-support/hydra-build-products").trim())).toMatchObject({
    path: join(out, "constituents.json"),
  });
  const metrics = read("nix-support/hydra-metrics").trim().split("\n").map(parseMetric);
  expect(metrics).toMatchObject([{ value: 2 }, { value: 1 }]);
  expect(read("nix-support/hydra-release-name")).toBe("app-1\n");
  expect(read("nix-support/hydra-aggregate-constituents")).toBe(
    `${wheel.outputs.out}\n${report.outputs.out}\n`,
  );
});

test("a verdict that is not pass", async () => {
  const error = await refused(proven(), part("app-1.2", { "linkage.json": JSON.stringify(failingReport) }));
  expect(error).toMatchObject({
    kind: "aggregate",
    what: "app-1 is held back: 1 of 2 constituents is not fit for it",
  });
  expect(error.details.why).toMatch(
    /^app-1.2: the verdict of its linkage report is fail: architecture: bin\/arm-helper is for aarch64/,
  );
});

test("a report that says pass and lists problems is not believed", async () => {
  const liar = { ...failingReport, verdict: "pass" };
  const error = await refused(part("app-1.2", { "linkage.json": JSON.stringify(liar) }));
  expect(error.details.why).toContain("app-1.2: the verdict of its linkage report is fail: architecture:");
});

test("the words of a failed test cannot mislead", async () => {
  const error = await refused(part("app-test-1", { failed: "\u001b[2Jall is well\u202e" }, false));
  expect(error.details.why).toBe(
    "app-test-1: it failed, and was kept (nix-support/failed): \\u{1b}[2Jall is well\\u{202e}",
  );
});

test("a test that was kept though it failed; in whatever output that says so", async () => {
  const failed = part("app-test-1", { failed: "exit code 3\nmore\n" }, false);
  const other = { ...proven(), name: "lib-2" };
  other.outputs = { ...other.outputs, dev: part("dev", { failed: "" }).outputs.out as string };
  const error = await refused(failed, other);
  expect(error.details.why?.split("\n")).toEqual([
    "app-test-1: it failed, and was kept (nix-support/failed): exit code 3",
    "lib-2: it failed, and was kept (nix-support/failed)",
  ]);
});

test("a report that is missing, or cannot be read", async () => {
  const error = await refused(part("a", {}), part("b", { "linkage.json": "{" }));
  expect(error.details.why).toMatch(
    /^a: it has no linkage report.*\nb: its record cannot be read: nix-support\/linkage.json: /,
  );
});

test("a report that is a link to another's", async () => {
  const path = part("a", {});
  symlinkSync(
    join(proven().outputs.out ?? "", "nix-support/linkage.json"),
    join(path.outputs.out ?? "", "nix-support/linkage.json"),
  );
  expect((await refused(path)).details.why).toBe(
    "a: its record cannot be read: nix-support/linkage.json: it is reached by a link",
  );
});

test("a part that is one file, as a download is", async () => {
  const file = join(folder(), "x.tar.gz");
  writeFileSync(file, "");
  await judged({ name: "x.tar.gz", outputs: { out: file }, audited: false });
});
