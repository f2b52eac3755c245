import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { thrownBy } from "../../testing/logs.ts";
import { makeSystem as system } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { allowedSystem, readPolicy } from "./policy.ts";

const folder = mkdtempSync(join(tmpdir(), "voyager-policy-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (content: unknown, name = "broker.json") => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

test("without a file: no systems but those of the command line, and limits", () => {
  const policy = readPolicy(join(folder, "none.json"), [file({ debian12: system() }, "systems.json")]);
  expect(policy).toMatchObject({ group: "nixbld", lockedPackages: false, store: "/nix/store" });
  expect(policy.systems).toEqual([system()]);
  expect(policy.perBuild.memory).toBeGreaterThan(1e8);
  expect(policy.perBuild.pids).toBe(32_768);
});

test("what is given holds", () => {
  const policy = readPolicy(file({ systems: "any", perBuild: { memory: 1e9 }, inAll: { builds: 3 } }));
  expect(policy.systems).toBe("any");
  expect(policy.perBuild.memory).toBe(1e9);
  expect(policy.inAll.builds).toBe(3);
});

test.each([
  ["{", "JSON"],
  [{ system: "any" }, "there is no field 'system'"],
  [{ systems: "all" }, "systems: "],
  [{ perBuild: { memory: "1G" } }, "perBuild.memory: "],
])("a policy that makes no sense is an error: %j", async (content, why) => {
  const error = await thrownBy<VoyagerError>(() => readPolicy(file(content)));
  expect(error).toMatchObject({ kind: "usage" });
  expect(error.details.why).toContain(why);
  expect(error.details.remedy).toContain("docs/broker.md");
});

test("a file of systems that is not there is named, and not taken for the policy", async () => {
  const error = await thrownBy<VoyagerError>(() => readPolicy(file({ systems: ["/nowhere.json"] })));
  expect(error).toMatchObject({
    kind: "usage",
    what: expect.stringContaining("/nowhere.json, which is to have systems"),
  });
});

test("a system is the same by what it does, not by its name", () => {
  const policy = readPolicy(file({ systems: [file(system(), "one.json")] }));
  expect(allowedSystem(policy, { ...system(), name: "another", keepPackages: false })).toEqual(system());
  expect(allowedSystem(policy, { ...system(), setup: "id" })).toBeNull();
  expect(allowedSystem(policy, { ...system(), image: { reference: "evil", bootstrap: null } })).toBeNull();
});
