/** What the broker's policy allows each build: where it ends, the build is told, and its neighbours go on. */
import { removeKeptPackages } from "../support/kept-packages.ts";
import { nixBuild, root, runId } from "../support/nix.ts";
import { OwnBroker } from "../support/own-broker.ts";

let broker: OwnBroker;
beforeAll(async () => {
  broker = await OwnBroker.start({
    systems: "any",
    perBuild: { seconds: 30, disk: 20_000_000 },
  });
});
afterAll(async () => {
  await broker.stop();
  await broker.expectNothingLeft();
  await removeKeptPackages(runId);
});

const build = (expression: string) => nixBuild(expression, broker.nixOptions);

test("time and disk: who takes too much ends, who does not goes on", async () => {
  const small = (pname: string, script: string) =>
    build(`build { pname = "${pname}"; buildScript = "${script}"; }`);
  const [endless, greedy, neighbour] = await Promise.all([
    small("endless", "sleep 120"),
    small("greedy", "head -c 50000000 /dev/zero >/tmp/file; sleep 120"),
    small("neighbour", "head -c 50000000 /dev/zero >$out/file; sleep 12"),
  ]);
  expect(endless.status).not.toBe(0);
  expect(endless.stderr).toContain("error: the build took more than the 30 s that the broker allows");
  expect(endless.stderr).toContain("the administrator sets this limit in the broker's policy (perBuild)");
  expect(greedy.status).not.toBe(0);
  expect(greedy.stderr).toContain(
    "error: the build wrote 50 MB outside of its folders, where the broker allows 20 MB",
  );
  expect(neighbour).toMatchObject({ status: 0 });
  await broker.whenTrail(({ ended }) => ended?.includes("took more than the 30 s") ?? false);
  await broker.whenTrail(({ ended }) => ended?.includes("wrote 50 MB outside") ?? false);
});

test("the time that an environment takes", async () => {
  const hasty = await OwnBroker.start({ systems: "any", perBuild: { environmentSeconds: 3 } });
  try {
    const { status, stderr } = await nixBuild(
      `build {
        pname = "slow-environment"; systemBuildDependencies = [ "ed" ]; buildScript = "touch $out/file";
        system = systems.debian12.override { name = "test-slow-${runId}"; setup = "sleep 60"; };
      }`,
      hasty.nixOptions,
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain("making the environment took more than the 3 s that the broker allows");
  } finally {
    await hasty.stop();
    await hasty.expectNothingLeft();
  }
});

test("packages that come with a system lock are not installed where the policy does not say so", async () => {
  const { status, stderr } = await build(`build {
    pname = "locked"; buildScript = "touch $out/file"; systemBuildDependencies = [ "gcc" ];
    systemLock = {
      file = ${root}/tests/docs/hello.system.lock.json;
      packages = ${root}/tests/docs/hello-packages;
    };
  }`);
  expect(status).not.toBe(0);
  expect(stderr).toContain("error: the broker installs no packages from a folder");
  expect(stderr).toContain("its policy does not allow lockedPackages");
});
