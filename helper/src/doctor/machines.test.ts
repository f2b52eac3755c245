import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { checkMachinesFile, parseMachines, takers, whatLacks } from "./machines.ts";

const folder = temporaryFolders();
const platform = "x86_64-linux";

test("the forms that Nix takes", () => {
  const read = (path: string) => (path === "/etc/nix/machines" ? "ssh://c - - 1 1 docker\n@/elsewhere" : "");
  const text = `# all of them
    ssh-ng://nix@a x86_64-linux,i686-linux /key 4 2 kvm,docker - c3NoLWtleQ==
    b ; @/etc/nix/machines # here`;
  expect(parseMachines(text, read)).toEqual([
    {
      uri: "ssh-ng://nix@a",
      systems: ["x86_64-linux", "i686-linux"],
      features: ["kvm", "docker"],
      mandatory: [],
    },
    { uri: "b", systems: null, features: [], mandatory: [] },
    { uri: "ssh://c", systems: null, features: ["docker"], mandatory: [] },
  ]);
  expect(parseMachines("@/not/there")).toEqual([]);
});

test.each([
  ["a - - 1 1 docker", null],
  ["a - - 1 1 - docker", null],
  ["a aarch64-linux - 1 1 docker", "it builds for aarch64-linux only"],
  ["a x86_64-linux - 1 1 kvm", "it has not the feature docker"],
  ["a", "it has not the feature docker"],
  ["a - - 1 1 docker kvm", "it takes only builds that ask for kvm"],
])("%s lacks: %p", (line, lack) => {
  const [machine] = parseMachines(line);
  expect(machine && whatLacks(machine, platform)).toBe(lack);
  expect(machine && takers([machine], platform)).toHaveLength(lack === null ? 1 : 0);
});

describe("a machines file", () => {
  const checked = (content: string) => {
    const file = join(folder(), "machines");
    writeFileSync(file, content);
    return checkMachinesFile(file, platform)[0];
  };

  test("one of two takes builds", () => {
    const finding = checked("ssh://a - - 1 1 kvm\nssh://b - - 1 1 docker\n");
    expect(finding).toMatchObject({ status: "ok", detail: "builds that ask for docker go to ssh://b" });
  });

  test("none does: each is named, with what it lacks", () => {
    const finding = checked("localhost x86_64-linux - 4 1 kvm\n");
    expect(finding?.status).toBe("bad");
    expect(finding?.detail).toContain("localhost: it has not the feature docker");
    expect(finding?.detail).toContain("queued in silence");
    expect(finding?.remedy).toContain("ssh://builder x86_64-linux - 4 1 docker");
  });

  test("empty, or not there", () => {
    expect(checked("")).toMatchObject({ status: "bad", detail: expect.stringContaining("lists none") });
    const [finding] = checkMachinesFile("/not/there", platform);
    expect(finding).toMatchObject({ status: "bad", detail: expect.stringContaining("ENOENT") });
  });
});
