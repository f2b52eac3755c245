import { bcryptReport, bigReport, failingReport, hostileReport, report } from "../../testing/reports.ts";
import { renderTable } from "./table.ts";

test("a build that passes", () => {
  expect(renderTable(bcryptReport)).toBe(`linkage of 1 compiled file on debian12 (amd64)

library      package  version          least  needed by
libc.so.6    libc6    2.36-9+deb12u10  2.34   bcrypt-3.2.2-cp311-cp…6_64.whl!/bcrypt/_bcrypt.abi3.so
libffi.so.8  libffi8  3.4.4-1          3.4    bcrypt-3.2.2-cp311-cp…6_64.whl!/bcrypt/_bcrypt.abi3.so
and through these: libgcc-s1

linkage: PASS  Every library that this build needs is the system's own. \`apt upgrade\` patches it.
`);
});

test("a build that fails names each file, rule and library, and says what to do", () => {
  const text = renderTable(failingReport);
  expect(text).toContain(
    "FAIL static  lib/app/pack.so: has liblzma.a of liblzma-dev 5.4.1-1 linked into it\n",
  );
  expect(text).toContain("  remedy: static: link to the shared library:");
  expect(text).toContain('linkage.allow = [ { soname = "liblzma.a"; rule = "static"; reason = "…"; } ];');
  expect(text).toMatch(/allowed static {2}lib\/app\/pack.so: has libsqlite3\.a .*\n? .*SEC-1182/s);
  expect(text.match(/^FAIL /gm)).toHaveLength(failingReport.problems.length);
  expect(text.match(/^ {2}remedy: /gm)).toHaveLength(8);
  expect(text).toMatch(
    /\nlinkage: FAIL {2}This build breaks the rules of linkage: 8 problems in 7 files\.\n$/,
  );
  expect(text).toContain("not proven");
});

test("lines fit, and there are few of them, whatever the number of files", () => {
  for (const one of [bcryptReport, failingReport, bigReport(200), bigReport(1000)]) {
    const lines = renderTable(one).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.length).toBeLessThan(70);
  }
});

test("more libraries than fit are summed up by package", () => {
  const [file] = bcryptReport.files;
  const needed = Array.from({ length: 400 }, (_unused, index) => ({
    ...(file?.needed[0] as never as (typeof bcryptReport.files)[0]["needed"][0]),
    soname: `libpart${index}.so`,
    provider: { kind: "system" as const, package: `part${index % 50}`, version: "1", source: "part" },
  }));
  const text = renderTable(report([{ ...(file as (typeof bcryptReport.files)[0]), needed }], []));
  expect(text).toContain("libpart0.so and 7 more");
  expect(text).toContain("and 20 more packages: see linkage.html");
});

test("a build without compiled files", () => {
  expect(renderTable(report([], []))).toMatch(/^linkage: PASS {2}This build has no compiled files\./m);
});

test("no name does anything to the terminal", () => {
  const text = renderTable(hostileReport);
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(text).toContain("\\u{1b}[31m");
  expect(text).toContain("\\u{202e}");
});
