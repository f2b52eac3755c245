import {
  bcryptReport,
  otherLibrary,
  report,
  reportFile,
  reportPackage,
  systemLibrary,
} from "../../../testing/reports.ts";
import { reportOf } from "./report-of.ts";

const libc = systemLibrary("libc6");
const zlib = systemLibrary("zlib1g");
const ownLibffi = otherLibrary("libffi.so.8", "output", "b.whl!/b.libs/libffi.so.8");
const copy = {
  file: "b.whl!/b.libs/libffi.so.8",
  soname: "libffi.so.8",
  rule: "bundled" as const,
  message: "a copy",
};
const whole = report(
  [
    reportFile("a.whl!/a.so", [libc], { through: [zlib] }),
    reportFile("ab.whl!/ab.so", [zlib]),
    reportFile("b.whl!/b.so", [zlib, ownLibffi], {
      static: [{ archive: "/usr/lib/liblzma.a", provider: systemLibrary("liblzma5").provider }],
    }),
    reportFile("b.whl!/b.libs/libffi.so.8", [libc], { soname: "libffi.so.8" }),
    reportFile("a.whl!/other.so", [libc], { output: "dev" }),
  ],
  [
    reportPackage("libc6"),
    reportPackage("libffi8", { relation: "bundled" }),
    reportPackage("liblzma5", { relation: "static", sonames: [] }),
    reportPackage("zlib1g"),
  ],
  { problems: [copy], allowed: [{ ...copy, rule: "unowned", file: "a.whl!/a.so", reason: "so it is" }] },
);

test("only the archive's files and the packages that they use", () => {
  const part = reportOf(whole, { output: "out", path: "a.whl" });
  expect(part.files.map(({ path }) => path)).toEqual(["a.so"]);
  expect(part.packages.map(({ name, direct, sonames }) => [name, direct, sonames])).toEqual([
    ["libc6", true, ["libc.so.6"]],
    ["zlib1g", false, []],
  ]);
  expect(part).toMatchObject({
    verdict: "pass",
    problems: [],
    allowed: [{ file: "a.so", reason: "so it is" }],
  });
});

test("copies and what is linked in belong to the archive that holds them", () => {
  const part = reportOf(whole, { output: "out", path: "b.whl" });
  expect(part.packages.map(({ name, relation }) => [name, relation])).toEqual([
    ["libc6", "linked"],
    ["libffi8", "bundled"],
    ["liblzma5", "static"],
    ["zlib1g", "linked"],
  ]);
  expect(part).toMatchObject({
    verdict: "fail",
    problems: [{ ...copy, file: "b.libs/libffi.so.8" }],
  });
  const own = part.files.flatMap(({ needed }) => needed).find(({ provider }) => provider.kind === "output");
  expect(own?.path).toBe("b.libs/libffi.so.8");
});

test("another output's archive of the same name", () => {
  const part = reportOf(whole, { output: "dev", path: "a.whl" });
  expect(part.files.map(({ output, path }) => [output, path])).toEqual([["out", "other.so"]]);
  expect(part.packages.map(({ name }) => name)).toEqual(["libc6"]);
});

test("the only archive of a build has all of its report", () => {
  const path = "bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl";
  const [file] = bcryptReport.files;
  expect(reportOf(bcryptReport, { output: "out", path })).toEqual({
    ...bcryptReport,
    files: [{ ...file, path: "bcrypt/_bcrypt.abi3.so" }],
  });
});
