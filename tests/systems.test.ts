/** The same source on each Debian: one wheel each, for that system's own Python. */
import { expectNothingLeft, mustBuild, voyagerCommand } from "./support/nix.ts";
import { must } from "./support/run.ts";
import { wheelIn } from "./support/target.ts";

test.each([
  ["debian11", "bcrypt-3.2.2-cp39-cp39-linux_x86_64.whl"],
  ["debian12", "bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl"],
  ["debian13", "bcrypt-3.2.2-cp313-cp313-linux_x86_64.whl"],
])("%s builds bcrypt", async (system, wheel) => {
  await must(await voyagerCommand(), ["image", "bootstrap", system]);
  const [path = ""] = await mustBuild(
    `voyager.examples.bcrypt.override (old: { system = systems.${system}; env = { TEST_RUN = "${Date.now()}"; }; })`,
  );
  expect(wheelIn(path)).toBe(wheel);
});

afterAll(() => expectNothingLeft());
