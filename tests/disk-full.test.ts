/** A build folder on a disk that is full: a file system of its own, of a few megabytes. */
import { mkdirSync, readdirSync } from "node:fs";
import { expectNothingLeft, nixBuild } from "./support/nix.ts";
import { must, run } from "./support/run.ts";

/** Also a mount point of its own, which the host's paths have to be found through. */
const folder = "/nix/var/nix/builds";

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await must("mount", ["-t", "tmpfs", "-o", "size=8m,mode=755", "voyager-test", folder]);
});
afterAll(async () => {
  await run("umount", [folder]);
  await expectNothingLeft();
});

test("binds work from a file system of its own", async () => {
  const { status, stderr } = await nixBuild(
    `build { pname = "small-disk"; transfer = "bind"; buildScript = "df /build | grep voyager-test; touch $out/x"; }`,
    [],
    { env: { ...process.env, TMPDIR: folder } },
  );
  expect({ status, stderr }).toMatchObject({ status: 0 });
});

test("where binds cannot work files are streamed, and nothing of the attempt is left", async () => {
  // Nobody would look for a build folder here: the engine's host path cannot be guessed.
  const hidden = "/run/voyager-test-hidden";
  mkdirSync(hidden, { recursive: true });
  await must("mount", ["-t", "tmpfs", "-o", "size=8m,mode=755", "voyager-test", hidden]);
  try {
    const { status, stderr, stdout } = await nixBuild(
      `build { pname = "hidden"; buildScript = "ls -A /build/source > $out/sources"; }`,
      [],
      { env: { ...process.env, TMPDIR: hidden } },
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain("files are streamed, not bound");
    expect(readdirSync(stdout.trim()).sort()).toEqual(["nix-support", "sources"]);
  } finally {
    await run("umount", [hidden]);
  }
});

test("a full disk is told, with where to look", async () => {
  const { status, stderr } = await nixBuild(
    `build { pname = "full-disk"; buildScript = "head -c 20000000 /dev/zero > big; touch $out/x"; }`,
    [],
    { env: { ...process.env, TMPDIR: folder } },
  );
  expect(status).not.toBe(0);
  expect(stderr).toContain("a disk is full");
  expect(stderr).toContain("No space left on device");
  expect(stderr).toContain("voyager doctor");
});
