/**
 * More than one machine: a coordinator without an engine, and builders that each have their own. They are
 * namespaces on this one (tests/support/hosts), connected by a network and nothing else. The builders reach no
 * mirror: what environments they have, they were given.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Builder } from "./support/hosts/builder.ts";
import { Coordinator } from "./support/hosts/coordinator.ts";
import { buildAttribute, instantiate, mustBuild, prelude, root } from "./support/nix.ts";
import { must } from "./support/run.ts";

/** Builds at once on each builder. */
const jobs = 2;

const folder = mkdtempSync(join(tmpdir(), "voyager-remote-"));
const coordinator = new Coordinator();
const builders = [1, 2, 3].map((number) => new Builder(number));
const [first, , third] = builders as [Builder, Builder, Builder];
let voyager: string;

/** The wheel of the README's first build, of this run of the tests. */
const bcrypt = `(import ${root}/examples/bcrypt {
  voyager = voyager // { lib = voyager.lib // { mkDockerWheel = wheel; }; };
})`;

/** Twelve builds that take a while; each has its number in its output. */
const twelve = `builtins.genList (number: build {
  pname = "one-of-twelve-\${toString number}";
  buildScript = ''
    for second in 1 2 3 4; do sleep 1; echo "\${toString number}: $second" >>$out/lines; done
  '';
}) 12`;

/** Bytes that a command may hold in memory: much less than an environment has. */
const mostMemory = 200_000_000;

/** A script that runs a command, and prints after its output how many bytes of memory it held at most. */
const measured = (command: string) => `(exec ${command}) & pid=$!; peak=0
  while now=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status) && [ -n "$now" ]; do
    peak=$now; sleep 0.05
  done 2>/dev/null
  wait $pid; echo "peak: \${peak}000"`;
const peakOf = (printed: string) => Number(/^peak: (\d+)$/m.exec(printed)?.[1]);

/** Writes a build's environment, as this machine's engine has it. @param output the new folder */
async function exportEnvironment(expression: string, output: string): Promise<void> {
  const file = `${output}.nix`;
  writeFileSync(file, `${prelude()}${expression}`);
  const command = `${voyager}/bin/voyager environment export '${file}' --output '${output}'`;
  expect(peakOf(await must("sh", ["-ec", measured(command)]))).toBeLessThan(mostMemory);
  expect(statSync(join(output, "images.tar")).size).toBeGreaterThan(mostMemory / 2);
}

beforeAll(async () => {
  voyager = await buildAttribute("voyager");
  const derivations = await instantiate(`[ ${bcrypt} ] ++ ${twelve}`);
  await coordinator.host.powerOn();
  await coordinator.receive(derivations, [voyager]);
  coordinator.use(builders, jobs);
  await Promise.all(
    builders.map(async (builder) => {
      await builder.start(coordinator.host, coordinator.publicKey);
      await coordinator.host.must(`nix copy --no-check-sigs --to '${builder.uri}' '${voyager}'`);
      await builder.serveBroker(join(voyager, "bin/voyager"));
    }),
  );
});
afterAll(async () => {
  await Promise.all(builders.map((builder) => builder.remove()));
  await coordinator.host.remove();
  rmSync(folder, { recursive: true });
});

const hashOf = (path: string) => `nix-store --query --hash '${path}'`;

test("the coordinator has no engine, and doctor says that it needs none", async () => {
  expect(await coordinator.host.must("ls -A /run/nix-voyager; ls /var/run/docker.sock 2>&1 || :")).toMatch(
    /^ls: cannot access '\/var\/run\/docker.sock'/,
  );
  const { status, stdout } = await coordinator.host.run(`${voyager}/bin/voyager doctor`);
  expect({ status, stdout }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/^ok +nix feature +builds go to ssh-ng:\/\/nix-remote@10\.83\.1\.2/m);
});

test("a builder is as docs/remote.md leaves it: doctor finds nothing that prevents builds", async () => {
  const { status, stdout } = await first.host.run(`${voyager}/bin/voyager doctor`);
  expect({ status, stdout }).toMatchObject({ status: 0 });
});

test("bcrypt is built elsewhere, in an environment that came by the store, and is the same as here", async () => {
  const [here = ""] = await mustBuild(bcrypt);
  await exportEnvironment(bcrypt, join(folder, "bcrypt"));
  const [key, note] = [join(folder, "our-environments"), join(folder, "bcrypt/images.json")];
  await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  await must("ssh-keygen", ["-q", "-Y", "sign", "-f", key, "-n", "voyager-environment", note]);
  const carried = await coordinator.host.must(`nix-store --add '${folder}/bcrypt'`);
  await coordinator.host.must(`nix copy --no-check-sigs --to '${first.uri}' '${carried}'`);
  await first.host.must(
    `printf 'our-environments %s\n' '${readFileSync(`${key}.pub`, "utf8").trim()}' >/root/allowed`,
  );
  const verify = `ssh-keygen -Y verify -f /root/allowed -I our-environments -n voyager-environment -s '${carried}/images.json.sig'`;
  await first.host.must(`${verify} <'${carried}/images.json'`);
  const { status: forged } = await first.host.run(`sed s/size/Size/ '${carried}/images.json' | ${verify}`);
  expect(forged).not.toBe(0);
  const importing = `${voyager}/bin/voyager environment import '${carried}' 2>&1`;
  const imported = await first.host.must(measured(importing));
  expect(imported).toMatch(/environment:[0-9a-f]{32}: imported, \d+ MB/);
  expect(peakOf(imported)).toBeLessThan(mostMemory);

  const { status, stdout, stderr } = await coordinator.nixBuild(`${prelude()}${bcrypt}`, [
    ...["--builders", `'${first.machine(jobs)}'`, "--max-jobs", "0"],
  ]);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout.trim()).toBe(here);
  expect(stderr).toContain(`on '${first.uri}'`);
  expect(stderr).toMatch(/environment debian12 \+ \d+ packages: reused/);
  // Its engine is its own, so files are bound there, too.
  expect(stderr).not.toContain("files are streamed");
  // Outputs, reports and records: every byte.
  expect(await coordinator.host.must(hashOf(here))).toBe(await must("sh", ["-c", hashOf(here)]));
  expect(await first.containers()).toEqual([]);
});

test("an environment that was altered on its way is refused", async () => {
  const altered = join(folder, "altered");
  await must("cp", ["-r", join(folder, "bcrypt"), altered]);
  const size = Number(await must("stat", ["-c", "%s", join(altered, "images.tar")]));
  await must("sh", [
    "-ec",
    `printf 'not what it was' | dd of='${altered}/images.tar' bs=1 seek=${Math.floor(size / 2)} conv=notrunc`,
  ]);
  const archive = await coordinator.host.must(`nix-store --add '${altered}'`);
  await coordinator.host.must(`nix copy --no-check-sigs --to '${third.uri}' '${archive}'`);
  const images = () => third.host.must("docker images --all --quiet");
  const before = await images();
  const { status, stderr } = await third.host.run(`${voyager}/bin/voyager environment import '${archive}'`);
  expect(status).toBe(73);
  expect(stderr).toMatch(/images\.tar was altered, or is not whole\n +why: +its SHA-256 is /);
  expect(await images()).toBe(before);
});

describe("three builders, of which one loses its power while twelve builds run", () => {
  beforeAll(async () => {
    await exportEnvironment(`(builtins.head (${twelve}))`, join(folder, "plain"));
    // As a file, this time, that a share or a stick brought.
    await Promise.all(
      builders.map(async ({ host }) => {
        await must("cp", ["-r", join(folder, "plain"), join(host.disk, "root/plain")]);
        await host.must(`${voyager}/bin/voyager environment import /root/plain; rm -r /root/plain`);
      }),
    );
  });

  test("all twelve are built in one call, by the hook; without it, what was on that one fails", async () => {
    const hook = `${voyager}/libexec/nix-voyager/build-hook`;
    const nowhereElse = `'${third.machine(jobs)}'`;
    const plain = coordinator.nixBuild(
      `${prelude()}build { pname = "without-hook"; buildScript = "sleep 30; touch $out/x"; }`,
      ["--builders", nowhereElse, "--max-jobs", "0"],
      { timeout: 200 },
    );
    while ((await third.containers()).length < 1) await sleep(100);
    const building = coordinator.nixBuild(
      `${prelude()}${twelve}`,
      ["--option", "build-hook", hook, "--max-jobs", "0"],
      { timeout: 200 },
    );
    let isOver = false;
    void building.finally(() => {
      isOver = true;
    });
    while (!isOver && (await third.containers()).length < jobs) await sleep(100);
    await third.die(coordinator.host);

    const { status, stdout, stderr } = await building;
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(stderr).toMatch(
      new RegExp(
        `nix-voyager: ${third.uri} is gone: /nix/store/.*-one-of-twelve-\\d+-1\\.drv is built on ssh-ng:`,
      ),
    );
    const outputs = stdout.trim().split("\n");
    expect(outputs).toHaveLength(12);
    for (const [number, output] of outputs.entries()) {
      expect(await coordinator.host.must(`cat ${output}/lines`)).toBe(
        [1, 2, 3, 4].map((second) => `${number}: ${second}`).join("\n"),
      );
    }
    // Nix itself retries nothing that had begun.
    const alone = await plain;
    expect(alone.status).not.toBe(0);
    expect(alone.stderr).toMatch(/unexpected end-of-file|disconnected unexpectedly/);
  });

  test("when Nix is killed, so is all that the hook has started", async () => {
    const killed = coordinator.nixBuild(
      `${prelude()}build { pname = "killed"; buildScript = "sleep 60; touch $out/x"; }`,
      [
        ...["--option", "build-hook", `${voyager}/libexec/nix-voyager/build-hook`],
        ...["--builders", `'${first.machine(jobs)}'`, "--max-jobs", "0"],
      ],
    );
    while ((await first.containers()).length < 1) await sleep(100);
    const running = () => coordinator.host.run("pgrep -f '[b]uild-(hook|remote)'");
    expect((await running()).status).toBe(0);
    await coordinator.host.must("pkill -9 -x nix-build");
    expect((await killed).status).not.toBe(0);
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(200)) {
      if ((await running()).status !== 0 && (await first.containers()).length === 0) break;
    }
    expect((await running()).stdout).toBe("");
    expect(await first.containers()).toEqual([]);
  });

  test("nothing is left: on those that live, and on the one that died once it is on again", async () => {
    for (const builder of builders.slice(0, 2)) expect(await builder.containers()).toEqual([]);
    await third.start(coordinator.host, coordinator.publicKey);
    await third.serveBroker(join(voyager, "bin/voyager"));
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(200)) {
      if ((await third.containers()).length === 0) break;
    }
    expect(await third.containers()).toEqual([]);
  });

  test("which builds again as before", async () => {
    const { status, stderr } = await coordinator.nixBuild(
      `${prelude()}build { pname = "after"; buildScript = "touch $out/x"; }`,
      ["--builders", `'${third.machine(jobs)}'`, "--max-jobs", "0"],
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });
});

test("logs of the machines hold no defect", () => {
  for (const { host } of builders) expect(host.logs()).not.toMatch(/please report|level":50/);
});
