import { makeSystem } from "../../testing/specs.ts";
import { keptPackages } from "./kept-packages.ts";

test("a system keeps its packages in a volume of its own", () => {
  const [volume] = keptPackages(makeSystem());
  expect(volume?.name).toMatch(/^nix-voyager-packages-[0-9a-f]{32}$/);
  expect(volume?.labels).toEqual({ "nix-voyager.kind": "packages", "nix-voyager.system": "debian12" });
  expect(keptPackages(makeSystem())).toEqual([volume]);
});

test("another system, with repositories that are not everybody's, does not share it", () => {
  const names = [makeSystem(), makeSystem({ setup: "true" }), makeSystem({ name: "company12" })].map(
    (system) => keptPackages(system)[0]?.name,
  );
  expect(new Set(names).size).toBe(3);
});

test("a system may keep none", () => {
  expect(keptPackages(makeSystem({ keepPackages: false }))).toEqual([]);
});
