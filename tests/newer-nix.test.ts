/** Debian 13's Nix. */
import { withNewerNix } from "./support/newer-nix.ts";

test("evaluates everything and builds bcrypt", async () => {
  const { status, stdout, stderr } = await withNewerNix(`
    nix-instantiate -A examples -A voyager >/dev/null
    nix-instantiate release.nix >/dev/null
    path=$(nix-build --no-out-link -A bcryptWheel)
    ls "$path"`);
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/nix \(Nix\) 2\.26/);
  expect(stdout).toContain("bcrypt-3.2.2-cp311-cp311-linux_x86_64.whl");
});
