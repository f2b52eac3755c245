import { thrownBy } from "../../testing/logs.ts";
import { bcryptReport, failingReport, hostileReport } from "../../testing/reports.ts";
import type { VoyagerError } from "../common/errors.ts";
import type { Report } from "../linkage/report.ts";
import { requireApproved } from "./approved.ts";
import type { Delivery } from "./delivery.ts";

const delivery = (path: string, report: Report | null, problem: string | null = null): Delivery => ({
  path,
  report,
  problem,
  read: async () => null,
});
const good = delivery("good", bcryptReport);
const refused = (...deliveries: Delivery[]) =>
  thrownBy<VoyagerError>(() => requireApproved(deliveries, "nothing was published"));

test("what passes is returned, in its order", () => {
  const other = { ...bcryptReport, files: [] };
  expect(requireApproved([good, delivery("other", other)], "no")).toEqual([bcryptReport, other]);
});

test("a verdict of fail is told with its problems", async () => {
  const error = await refused(good, delivery("bad", failingReport));
  expect(error).toMatchObject({
    kind: "linkage",
    what: "nothing was published: of 1 delivery it is not proven what they link to",
  });
  expect(error.details.why).toMatch(
    /^bad: the verdict of its linkage report is fail\n {2}architecture: bin\/arm-helper is for aarch64.*\n.*\n.*\n {2}and 5 more problems$/,
  );
  expect(error.details.why).not.toContain("good");
});

test("a report that says pass and lists problems is not believed", async () => {
  const error = await refused(delivery("liar", { ...failingReport, verdict: "pass" }));
  expect(error.details.why).toContain("liar: the verdict of its linkage report is fail");
});

test("no report, and one that cannot be read, are told together", async () => {
  const error = await refused(delivery("none", null), delivery("torn", null, "linkage.json: cut off"));
  expect(error.kind).toBe("record");
  expect(error.details.why).toBe(
    "none: it has no linkage report\ntorn: its record cannot be read: linkage.json: cut off",
  );
});

test("what failed and was kept is told, whatever its report says", async () => {
  const error = await refused({ ...good, failure: "exit code 3" });
  expect(error).toMatchObject({
    kind: "test",
    what: "nothing was published: of 1 delivery it is not proven that they are sound",
    details: { why: "good: it failed, and was kept (nix-support/failed): exit code 3" },
  });
});

test("of many the first are named, and names cannot mislead", async () => {
  const error = await refused(
    delivery("evil", hostileReport),
    ...Array.from({ length: 25 }, (_unused, index) => delivery(`none${index}`, null)),
  );
  expect(error.details.why?.split("\n").at(-1)).toBe("and 6 more");
  expect(error.details.why).toContain("\\u{202e}");
  expect(error.details.why).not.toContain("\u001b");
});
