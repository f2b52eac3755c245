import { thrownBy } from "../../testing/logs.ts";
import { packageFormat, versionComparison } from "./package-version.ts";

test.each([
  ["deb", { ID: "debian" }],
  ["deb", { ID: "linuxmint", ID_LIKE: "ubuntu debian" }],
  ["rpm", { ID: "rhel", ID_LIKE: "fedora" }],
  ["rpm", { ID: "almalinux", ID_LIKE: "rhel centos fedora" }],
  ["rpm", { ID: "opensuse-leap", ID_LIKE: "suse opensuse" }],
  [null, { ID: "arch" }],
  [null, { ID: "constructor", ID_LIKE: "toString" }],
  [null, {}],
])("%p is the format of %p", (format, osRelease) => {
  expect(packageFormat(osRelease)).toBe(format);
});

test("the two differ in their answers", () => {
  expect(versionComparison({ ID: "debian" })("1.0", "1+0")).toBeGreaterThan(0);
  expect(versionComparison({ ID: "rhel" })("1.0", "1+0")).toBe(0);
});

test("a system that is not known is an error, not a guess", async () => {
  const error = await thrownBy(() => versionComparison({ ID: "arch" }));
  expect(error).toMatchObject({ kind: "usage", what: "versions of 'arch' cannot be compared" });
});
