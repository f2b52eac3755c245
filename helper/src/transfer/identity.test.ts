import { accountFiles, mapId, streamIdentity } from "./identity.ts";

test("the sandbox's id is undone", () => {
  expect(mapId("      1000      30001          1\n", 1000)).toBe(30001);
});

test("several ranges", () => {
  const map = "0 100000 1000\n1000 1000 1\n1001 101001 64535\n";
  expect([0, 999, 1000, 1001].map((id) => mapId(map, id))).toEqual([100000, 100999, 1000, 101001]);
});

test("an id that is not mapped stays, as where nothing is mapped", () => {
  expect(mapId("1000 30001 1\n", 1001)).toBe(1001);
  expect(mapId("0 0 4294967295\n", 30001)).toBe(30001);
  expect(mapId("", 5)).toBe(5);
});

const base = { passwd: "root:x:0:0:root:/root:/bin/sh\n", group: "root:x:0:\nusers:x:100:\n" };

test("the user gets an entry", () => {
  const files = accountFiles(base, { uid: 30001, gid: 30000 });
  expect(files.passwd).toBe(`${base.passwd}builder:x:30001:30000:Nix build user:/build/home:/bin/sh\n`);
  expect(files.group).toBe(`${base.group}builder:x:30000:\n`);
});

test("an id that has an entry keeps it", () => {
  expect(accountFiles(base, { uid: 0, gid: 100 })).toEqual(base);
});

test("an id is no part of another one", () => {
  expect(accountFiles(base, { uid: 10, gid: 10 }).group).toContain("builder:x:10:");
});

test("streamed files are no concern of root, nor of a user whom an engine without root does not have", () => {
  const builder = { uid: 1000, gid: 100 };
  expect(streamIdentity({ uid: 30001, gid: 30000 })).toEqual({ uid: 30001, gid: 30000 });
  expect(streamIdentity({ uid: 0, gid: 0 })).toEqual(builder);
  expect(streamIdentity({ uid: 872415232, gid: 30000 })).toEqual(builder);
  expect(streamIdentity({ uid: 30001, gid: 65536 })).toEqual(builder);
});
