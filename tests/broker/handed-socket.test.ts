/** A broker whose socket systemd keeps: a restart loses no build, neither one that runs nor one that comes meanwhile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expectNothingLeft, nixBuild, root } from "../support/nix.ts";
import { OwnBroker } from "../support/own-broker.ts";
import { mustSync, run } from "../support/run.ts";

let broker: OwnBroker;
beforeAll(async () => {
  const group = mustSync("getent", ["group", "nixbld"]).split(":")[2] ?? "";
  broker = await OwnBroker.start({}, undefined, {}, (socket) => [
    "python3",
    join(root, "tests/broker/socket_unit.py"),
    socket,
    group,
  ]);
});
afterAll(async () => {
  await broker.stop();
  await expectNothingLeft();
});

/** Id of the broker that runs now. */
const broking = async () => Number((await run("pgrep", ["-P", String(broker.process.pid)])).stdout);
const build = (pname: string, script: string) =>
  nixBuild(
    `build { pname = "${pname}"; buildScript = "${script}; date +%s >$out/time"; }`,
    broker.nixOptions,
  );
const timeIn = (output: string) => Number(readFileSync(join(output.trim(), "time"), "utf8"));

test("one build runs, another comes, and both succeed", async () => {
  const before = broker.trail().length;
  const running = build("running", "sleep 6");
  await broker.whenTrail(({ want }) => want === "run", before);
  const first = await broking();
  process.kill(first, "SIGTERM");
  const [ran, came] = await Promise.all([running, build("meanwhile", "true")]);
  expect({ ran, came }).toMatchObject({ ran: { status: 0 }, came: { status: 0 } });
  // It had to wait for the next broker.
  expect(timeIn(came.stdout)).toBeGreaterThanOrEqual(timeIn(ran.stdout));
  expect(await broking()).not.toBe(first);
  expect(broker.trail().filter(({ msg }) => msg === "broker started")).toHaveLength(2);
});
