import { allowance, remedies } from "./remedies.ts";
import { rules } from "./report.ts";

test("each rule has a remedy of one line", () => {
  expect(Object.keys(remedies).sort()).toEqual(Object.keys(rules).sort());
  for (const remedy of Object.values(remedies)) expect(remedy).toMatch(/^[^\n]{40,}$/);
});

test("a library can be allowed by name, in Nix's own writing", () => {
  expect(allowance({ rule: "static", soname: "libz.a" })).toBe(
    'linkage.allow = [ { soname = "libz.a"; reason = "…"; } ];',
  );
  expect(allowance({ rule: "bundled", soname: `a"$\{b}` })).toContain(`soname = "a\\"\\$\{b}";`);
});

test("what no library is to blame for cannot be allowed", () => {
  expect(allowance({ rule: "unreadable", soname: null })).toBeNull();
  expect(allowance({ rule: "run-dependencies", soname: "libz.so.1" })).toBeNull();
});
