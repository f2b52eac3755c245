/** Many builds that wait for one engine, of which Nix starts more than the engine may run. */
import { mkdtempSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { buildCommand } from "../environments.mjs";
import { run, shellLine } from "../command.mjs";
import { byHand, imageOf } from "../engine.mjs";
import { describe, nonce, willDelete } from "../nix.mjs";

const count = 200;
/**
 * As many as Nix usually has build users. With more, Nix 2.8 looks only every five seconds whether a user is
 * free, so that the same 40 builds take twice as long with 12 jobs as with 10.
 */
const jobs = 10;
/** What the helper lets an engine run at once where no settings say otherwise. */
const limit = 4 * availableParallelism();
const buildScript = "for number in {1..20000}; do echo $number; done >$out/numbers; sleep 0.2";

const builds = (value) => `map (number: voyager.lib.mkDockerBuild {
  pname = "bench-queue-\${toString number}"; version = "1"; system = voyager.lib.systems.debian12;
  env.BENCH_RUN = "${value}";
  buildScript = "${buildScript}";
}) (builtins.genList (number: number) ${count})`;

/** Looks five times a second how many containers of builds there are; returns what ends it and says the most. */
function watchContainers() {
  let most = 0;
  let isOver = false;
  const list = ["docker", "ps", "--quiet", "--filter", "label=nix-voyager.container=build"];
  const watching = (async () => {
    while (!isOver) {
      const { stdout } = await run(list);
      most = Math.max(most, stdout.split("\n").filter((line) => line !== "").length);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return most;
  };
}

async function queued() {
  const stopWatching = watchContainers();
  try {
    const { seconds, stdout } = await run(buildCommand(builds(nonce()), jobs));
    const outputs = stdout.trim().split("\n");
    for (const path of outputs) willDelete(path);
    if (outputs.length !== count) throw new Error(`only ${outputs.length} of ${count} were built`);
    return { seconds, count: await stopWatching() };
  } finally {
    await stopWatching();
  }
}

export const queue = {
  name: "queue",
  title: `${count} builds, of which Nix starts ${jobs} at once, against docker run by xargs`,
  how: `The engine runs at most ${limit} at once, and xargs runs as many. Each takes 0.2 s in which it waits, and less than that of the processor.`,
  atMost: 3,
  warmUps: 0,
  claims: [
    { ours: "nixBuild", peer: "byHand", target: 1.5 },
    { kind: "count", ours: "nixBuild", target: limit },
  ],

  async prepare(temporary) {
    const { spec, closure } = await describe(
      `mkDockerBuild { pname = "bench-queue"; version = "1"; system = systems.debian12; buildScript = "${buildScript}"; }`,
    );
    const image = await imageOf(spec);
    const { env, script } = byHand(spec);
    const volumes = closure.flatMap((path) => ["--volume", `${path}:${path}:ro`]);
    const container = ["--rm", "--network", "none", ...volumes, ...env, "--entrypoint", "bash"];
    const byXargs = (out) => {
      const one = ["docker", "run", "--volume", `${out}/{}:/out`, ...container, image, "-c", script];
      const line = `seq ${count} | xargs -P ${limit} -I '{}' ${shellLine(one)}`;
      return ["sh", "-c", line];
    };
    return {
      sides: {
        nixBuild: {
          label: `nix-build --max-jobs ${jobs}`,
          command: shellLine(buildCommand(builds("N"), jobs)),
          run: queued,
        },
        byHand: {
          label: `docker run by xargs -P ${limit}`,
          command: byXargs("OUT").at(-1),
          run: async () => (await run(byXargs(mkdtempSync(join(temporary, "queue-"))))).seconds,
        },
      },
    };
  },
};
