import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findGroup, userName } from "./accounts.ts";

const folder = mkdtempSync(join(tmpdir(), "voyager-accounts-"));
const [group, passwd] = [join(folder, "group"), join(folder, "passwd")];
writeFileSync(group, "root:x:0:\nnixbld:x:30000:nixbld1,nixbld2\nnixbldx:x:30:\n");
writeFileSync(passwd, "root:x:0:0:root:/root:/bin/sh\nnixbld1:x:30001:30000::/var/empty:/usr/sbin/nologin\n");
afterAll(() => rmSync(folder, { recursive: true }));

test("a group is found by its name and by its id", () => {
  const builders = { name: "nixbld", gid: 30000, members: ["nixbld1", "nixbld2"] };
  expect(findGroup("nixbld", group)).toEqual(builders);
  expect(findGroup(30000, group)).toEqual(builders);
  expect(findGroup("root", group)).toEqual({ name: "root", gid: 0, members: [] });
  expect(findGroup("nixb", group)).toBeNull();
  expect(findGroup(3, group)).toBeNull();
});

test("a user is found by id", () => {
  expect(userName(30001, passwd)).toBe("nixbld1");
  expect(userName(1, passwd)).toBeNull();
});
