import { PackageURL } from "packageurl-js";
import { genericPurl, type InstalledPackage, purlOf, pypiPurl } from "./purl.ts";

const debian12 = { ID: "debian", VERSION_ID: "12", VERSION_CODENAME: "bookworm" };
const rhel9 = { ID: "rhel", ID_LIKE: "fedora", VERSION_ID: "9.4" };

function make(change: Partial<InstalledPackage>): InstalledPackage {
  return { name: "libssl3", version: "3.0.20-1~deb12u1", arch: "amd64", ...change };
}

test.each<[string, Partial<InstalledPackage>, string]>([
  [
    "source of another name",
    { source: "openssl", sourceVersion: "3.0.20-1~deb12u1" },
    "pkg:deb/debian/libssl3@3.0.20-1~deb12u1?arch=amd64&distro=debian-12&upstream=openssl",
  ],
  [
    "source of another version",
    { name: "libgcc-s1", version: "14.2.0-3+b1", source: "gcc-14", sourceVersion: "14.2.0-3~x" },
    "pkg:deb/debian/libgcc-s1@14.2.0-3%2Bb1?arch=amd64&distro=debian-12&upstream=gcc-14%4014.2.0-3~x",
  ],
  [
    "source of the same name and version",
    { name: "attr", version: "1:2.5.1-4", source: "attr", sourceVersion: "1:2.5.1-4" },
    "pkg:deb/debian/attr@1:2.5.1-4?arch=amd64&distro=debian-12",
  ],
  [
    "no source known",
    { name: "libstdc++6", version: "12.2.0-14" },
    "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12",
  ],
])("Debian: %s", (_, change, purl) => {
  expect(purlOf(make(change), debian12)).toBe(purl);
});

test("what is written is read back as it was", () => {
  const installed = make({ version: "2:1.0+dfsg~rc1-3+b2", source: "open ssl&x", sourceVersion: "2:1.0-3" });
  const read = PackageURL.fromString(purlOf(installed, debian12));
  expect(read).toMatchObject({ type: "deb", namespace: "debian", name: "libssl3" });
  expect(read.version).toBe(installed.version);
  expect(read.qualifiers).toMatchObject({ upstream: "open ssl&x@2:1.0-3", distro: "debian-12" });
});

test("Ubuntu and unstable Debian", () => {
  expect(purlOf(make({}), { ID: "ubuntu", ID_LIKE: "debian", VERSION_ID: "24.04" })).toBe(
    "pkg:deb/ubuntu/libssl3@3.0.20-1~deb12u1?arch=amd64&distro=ubuntu-24.04",
  );
  expect(purlOf(make({}), { ID: "debian", VERSION_CODENAME: "sid" })).toContain("distro=debian-sid");
  expect(purlOf(make({}), {})).toBe("pkg:deb/debian/libssl3@3.0.20-1~deb12u1?arch=amd64");
});

test("rpm has the epoch apart and the source's file name", () => {
  const openssl = { name: "openssl-libs", version: "1:3.0.7-18.el9", arch: "x86_64", source: "openssl" };
  expect(purlOf({ ...openssl, sourceVersion: "3.0.7-18.el9" }, rhel9)).toBe(
    "pkg:rpm/rhel/openssl-libs@3.0.7-18.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream=openssl-3.0.7-18.el9.src.rpm",
  );
  expect(purlOf({ name: "zlib", version: "1.2-3", arch: "x86_64" }, { ID: "fedora", VERSION_ID: "40" })).toBe(
    "pkg:rpm/fedora/zlib@1.2-3?arch=x86_64&distro=fedora-40",
  );
});

test("Python's names are normalized", () => {
  expect(pypiPurl("My_Package", "1.0+local")).toBe("pkg:pypi/my-package@1.0%2Blocal");
  expect(genericPurl("a thing", "1")).toBe("pkg:generic/a%20thing@1");
});
