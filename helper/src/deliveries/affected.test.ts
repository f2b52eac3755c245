import { thrownBy } from "../../testing/logs.ts";
import {
  bcryptReport,
  otherLibrary,
  report,
  reportFile,
  reportPackage,
  systemLibrary,
} from "../../testing/reports.ts";
import type { VoyagerError } from "../common/errors.ts";
import type { Report, ReportPackage } from "../linkage/report.ts";
import { answerAffected, type Query, unmatched } from "./affected.ts";
import type { Delivery } from "./delivery.ts";

const delivery = (path: string, of: Report | null, problem: string | null = null): Delivery => ({
  path,
  report: of,
  problem,
  read: async () => null,
});
const ask = (more: Partial<Query>): Query => ({ packages: [], sources: [], fixed: null, ...more });

const linked = delivery(
  "linked",
  report([reportFile("x", [systemLibrary("libssl3")])], [reportPackage("libssl3")]),
);
function copy(relation: ReportPackage["relation"], more: Partial<ReportPackage> = {}): Delivery {
  const one = reportPackage("libssl-dev", {
    source: "openssl",
    version: "3.0.17-1~deb12u2",
    sourceVersion: "3.0.17-1~deb12u2",
    relation,
    sonames: [],
    ...more,
  });
  return delivery(
    relation,
    report([reportFile("x", [systemLibrary("libc6")])], [one, reportPackage("libc6")]),
  );
}
const other = delivery("other", bcryptReport);
const outcomes = (deliveries: Delivery[], query: Partial<Query>, sources?: Map<string, Set<string>>) =>
  answerAffected(deliveries, ask(query), sources).map(({ path, outcome }) => `${path}: ${outcome}`);

test("what links is patched by the system, what holds a copy is not", () => {
  const all = [linked, copy("static"), copy("bundled", { name: "libssl3" }), other, delivery("none", null)];
  const expected = [
    "linked: upgrade",
    "static: rebuild",
    "bundled: rebuild",
    "other: not-linked",
    "none: unknown",
  ];
  expect(outcomes(all, { packages: ["libssl3"] })).toEqual(expected);
  expect(outcomes(all, { packages: ["openssl"] })).toEqual(expected);
  expect(outcomes(all, { sources: ["openssl"] })).toEqual(expected);
  expect(outcomes(all, { sources: ["libssl3"] })[0]).toBe("linked: not-linked");
});

test("a static library is known by the source package, from whoever knows it", () => {
  expect(outcomes([copy("static")], { packages: ["libssl3"] })).toEqual(["static: not-linked"]);
  const sources = new Map([["libssl3", new Set(["openssl"])]]);
  expect(outcomes([copy("static")], { packages: ["libssl3"] }, sources)).toEqual(["static: rebuild"]);
});

test("another binary package of the same source is not what is asked for", () => {
  const doc = delivery("doc", report([], [reportPackage("libcrypto-x", { source: "openssl" })]));
  expect(outcomes([linked, doc], { packages: ["libssl3"] })).toEqual(["linked: upgrade", "doc: not-linked"]);
});

test.each([
  ["3.0.17-1~deb12u1", "static: fixed"],
  ["3.0.17-1~deb12u2", "static: fixed"],
  ["3.0.17-1~deb12u3", "static: rebuild"],
  ["3.0.17-1", "static: rebuild"],
])("a static copy, with the fix in %s", (fixed, expected) => {
  expect(outcomes([copy("static")], { sources: ["openssl"], fixed })).toEqual([expected]);
});

test("of what version a bundled copy is, nobody knows: the fix may be missing", () => {
  const bundled = copy("bundled", { name: "libssl3", sonames: ["libssl-1a.so.3"] });
  const [answer] = answerAffected([bundled], ask({ packages: ["libssl3"], fixed: "1.0" }));
  expect(answer).toMatchObject({
    outcome: "rebuild",
    matches: [{ why: "holds a copy of libssl-1a.so.3, of unknown version" }],
  });
});

test("what is known of the upgrade is said", () => {
  const why = (fixed: string | null) =>
    answerAffected([linked], ask({ packages: ["libssl3"], fixed }))[0]?.matches[0]?.why;
  expect(why(null)).toBe("links to the system's libssl3, which must still have libssl.so.3");
  expect(why("3.0.0~rc1")).toBe("needs libssl3 3.0.0 or later, which has the fix");
});

test("the same library from elsewhere is not patched by the package's upgrade", () => {
  const path = "/nix/store/0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd-openssl-3/lib/libssl.so.3";
  const stray = delivery("stray", report([reportFile("x", [otherLibrary("libssl.so.3", "nix", path)])], []));
  const [, answer] = answerAffected([linked, stray], ask({ packages: ["libssl3"] }));
  expect(answer).toMatchObject({ outcome: "unknown", why: expect.stringContaining(path) });
});

test("a version of one distribution is not compared with those of another", async () => {
  const ubuntu = report([], [reportPackage("libssl3")]);
  ubuntu.system = { ...ubuntu.system, name: "ubuntu2404", osRelease: { ID: "ubuntu", VERSION_ID: "24.04" } };
  const both = [linked, delivery("ubuntu", ubuntu)];
  expect(outcomes(both, { packages: ["libssl3"] })).toEqual(["linked: upgrade", "ubuntu: upgrade"]);
  const error = await thrownBy<VoyagerError>(() => outcomes(both, { packages: ["libssl3"], fixed: "3.1" }));
  expect(error).toMatchObject({ kind: "usage", details: { why: "found: debian 12, ubuntu 24.04" } });
});

test("names that nothing matches are no answer", () => {
  const query = ask({ packages: ["libssl3", "libss3"], sources: ["openssl", "opensll"] });
  expect(unmatched(answerAffected([linked], query), query)).toEqual(["libss3", "opensll"]);
});

test("a report that cannot be read makes its delivery unknown", () => {
  const [answer] = answerAffected([delivery("x", null, "linkage.json: cut off")], ask({ packages: ["a"] }));
  expect(answer).toMatchObject({ outcome: "unknown", why: "linkage.json: cut off" });
});
