import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import type { NixConfig } from "./nix-checks.ts";
import { checkCoordinator, readRemoteBuilders } from "./remote-builders.ts";

const folder = temporaryFolders();

test.each<[string, string, string[]]>([
  ["none", "", []],
  ["one", "ssh-ng://nix@one x86_64-linux /key 4 1 docker,kvm", ["ssh-ng://nix@one: docker kvm"]],
  ["no more than its address", "ssh://one", ["ssh://one: "]],
  ["features that builds must require", "ssh://one - - 1 1 - docker - a2V5", ["ssh://one: docker"]],
  [
    "two in a line",
    "ssh://one - - 1 1 kvm ; ssh://two - - 1 1 docker",
    ["ssh://one: kvm", "ssh://two: docker"],
  ],
  [
    "comments and empty lines",
    "# ssh://none\n\n ssh://one - - 1 1 docker # for builds\n",
    ["ssh://one: docker"],
  ],
  ["a file that is not there", "@/nowhere/machines", []],
])("machines: %s", (_name, setting, expected) => {
  const shown = readRemoteBuilders(setting).map(
    ({ address, features }) => `${address}: ${features.join(" ")}`,
  );
  expect(shown).toEqual(expected);
});

test("machines of a file", () => {
  const file = join(folder(), "machines");
  writeFileSync(file, "ssh-ng://one x86_64-linux - 1 1 docker\nssh-ng://two\n");
  const addresses = readRemoteBuilders(`@${file}`).map(({ address }) => address);
  expect(addresses).toEqual(["ssh-ng://one", "ssh-ng://two"]);
});

describe("a machine without an engine", () => {
  const nix = (systemFeatures: string[], builders: string): NixConfig => ({
    version: "nix (Nix) 2.8.0",
    systemFeatures,
    sandbox: "true",
    sandboxPaths: [],
    remoteBuilders: readRemoteBuilders(builders),
  });
  const docker = "ssh-ng://nix@one x86_64-linux /key 4 1 docker;ssh-ng://nix@two x86_64-linux /key 4 1 kvm";

  test("needs none if another has the feature", () => {
    const findings = checkCoordinator(nix(["kvm"], docker));
    expect(findings?.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      "nix: ok",
      "remote builders: ok",
      "engine: ok",
    ]);
    expect(findings?.[1]?.detail).toContain("go to ssh-ng://nix@one: run voyager doctor there");
  });

  test("needs one if no other has it, or it builds itself as well", () => {
    expect(checkCoordinator(nix(["kvm"], "ssh-ng://nix@two x86_64-linux /key 4 1 kvm"))).toBeNull();
    expect(checkCoordinator(nix(["kvm"], ""))).toBeNull();
    expect(checkCoordinator(nix(["kvm", "docker"], docker))).toBeNull();
  });
});
