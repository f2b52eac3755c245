import { thrownBy } from "../../testing/logs.ts";
import { differing, factsIn, inBatches, isMachine } from "./cache.ts";

const hex = "d0b0d6d43ef0e6e3e1b9f8a9f5e5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7";
const sri = `sha256-${Buffer.from(hex, "hex").toString("base64")}`;
const facts = { narHash: hex, narSize: 5, references: ["/nix/store/a"], signatures: ["k:x"] };

test("facts as Nix 2.8 tells them, with a path that is not there", () => {
  const json = [
    { path: "/nix/store/a", valid: false },
    { path: "/nix/store/b", narHash: sri, narSize: 5, signatures: ["k:x"], references: ["/nix/store/a"] },
    { path: "/nix/store/c", narHash: `sha256:${hex}`, narSize: 5 },
  ];
  expect(factsIn(json)).toEqual([
    ["/nix/store/b", facts],
    ["/nix/store/c", { ...facts, references: [], signatures: [] }],
  ]);
});

test("facts as Nix 2.26 tells them", () => {
  const json = {
    "/nix/store/a": null,
    "/nix/store/b": { narHash: sri, narSize: 5, references: ["/nix/store/a"], signatures: ["k:x"] },
  };
  expect(factsIn(json)).toEqual([["/nix/store/b", facts]]);
});

test("an answer without a hash is not understood, and does not count as missing", async () => {
  for (const json of [
    [{ path: "/nix/store/a" }],
    { "/nix/store/a": { narHash: "md5:0" } },
    [{ narHash: sri }],
  ]) {
    const error = await thrownBy(() => factsIn(json));
    expect(error.message).toMatch(/^it tells no hash of (\/nix\/store\/a|a path)$/);
  }
});

test("paths that are not the same in both stores", () => {
  const here = new Map(
    ["same", "signed", "other", "larger", "fewer", "only here"].map((path) => [path, facts]),
  );
  const there = new Map([
    ["same", facts],
    ["other", { ...facts, narHash: hex.replace("d", "e") }],
    ["larger", { ...facts, narSize: 6 }],
    ["fewer", { ...facts, references: [] }],
    ["signed", { ...facts, signatures: [] }],
    ["only there", facts],
  ]);
  const all = ["same", "signed", "other", "larger", "fewer", "only here", "only there", "nowhere"];
  expect(differing(all, here, there)).toEqual([
    "other",
    "larger",
    "fewer",
    "only here",
    "only there",
    "nowhere",
  ]);
});

test("another machine's store is told from a binary cache", () => {
  expect(
    ["ssh://host", "ssh-ng://user@host", "file:///cache", "s3://b?region=x", "http://ssh"].map(isMachine),
  ).toEqual([true, true, false, false, false]);
});

test("a command line has an end", () => {
  const items = Array.from({ length: 1201 }, (_unused, index) => index);
  expect(inBatches(items).map((batch) => batch.length)).toEqual([500, 500, 201]);
  expect(inBatches(items).flat()).toEqual(items);
});
