import { allowance, remedies } from "./remedies.ts";
import { rules } from "./report.ts";

test("each rule has a remedy of one line", () => {
  expect(Object.keys(remedies).sort()).toEqual(Object.keys(rules).sort());
  for (const remedy of Object.values(remedies)) expect(remedy).toMatch(/^[^\n]{40,}$/);
});

test("a library can be allowed by name, for one rule, in Nix's own writing", () => {
  expect(allowance({ rule: "static", soname: "libz.a", file: "x" })).toBe(
    'linkage.allow = [ { soname = "libz.a"; rule = "static"; reason = "…"; } ];',
  );
  expect(allowance({ rule: "bundled", soname: `a"$\{b}`, file: "x" })).toContain(`soname = "a\\"\\$\{b}";`);
});

test("where no library is to blame, the file can be allowed", () => {
  expect(allowance({ rule: "unreadable", soname: null, file: "dev:lib/x.so" })).toContain(
    '{ file = "dev:lib/x.so"; rule = "unreadable";',
  );
});
