import { storeName, withoutStoreHashes } from "./store-hashes.ts";

const hash = "0c5b8ckx2yhq9l4lzpchmmq5hjqnh2nd";

test.each([
  [`/nix/store/${hash}-foo-1.0/lib/libfoo.so.1`, "/nix/store/foo-1.0/lib/libfoo.so.1"],
  [`-I/nix/store/${hash}-a/include:/elsewhere/${hash}-b`, "-I/nix/store/a/include:/elsewhere/b"],
  [`PATH=$PATH:${hash}-tool/bin`, "PATH=$PATH:tool/bin"],
  ["6a1f0c9be1a44b5c8d7b4e12f08d4f5f1c3b7a90-x", "6a1f0c9be1a44b5c8d7b4e12f08d4f5f1c3b7a90-x"],
  ["libz-8c6f.so.1", "libz-8c6f.so.1"],
])("%s", (text, clean) => {
  expect(withoutStoreHashes(text)).toBe(clean);
});

test("a hash that stands alone, of a path that is known", () => {
  expect(withoutStoreHashes(`x${hash}y`)).toBe(`x${hash}y`);
  expect(withoutStoreHashes(`x${hash}y`, [`/nix/store/${hash}-foo`])).toBe("xHASHy");
});

test("names of store paths", () => {
  expect(storeName(`/nix/store/${hash}-foo-1.0.tar.gz`)).toBe("foo-1.0.tar.gz");
  expect(storeName(`/nix/store/${hash}-foo/lib/a.so`)).toBe("foo");
});
