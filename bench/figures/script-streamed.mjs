/** A fixed script where nothing can be bound, beside docker cp in and out. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, runAll, shellLine } from "../command.mjs";
import { benchLabel, byHand, imageOf } from "../engine.mjs";
import { fixedScript } from "../fixed-script.mjs";
import { describe, freshBuild, freshBuildCommand } from "../nix.mjs";

const expression = fixedScript("stream");

/** The commands of one run by hand, but for the first, which says the container's id. */
function createCommand({ spec }, image) {
  const { env, script } = byHand(spec);
  const options = ["--label", benchLabel, "--network", "none", ...env, "--entrypoint", "bash"];
  return ["docker", "create", ...options, image, "-c", script];
}

function copyAndRun(container, store, out) {
  return [
    ["docker", "cp", store, `${container}:/`],
    ["docker", "start", "--attach", container],
    ["docker", "cp", `${container}:/out`, out],
    ["docker", "rm", container],
  ];
}

/** docker cp makes no parent folders, so the closure lies in a folder tree that goes in as one. */
async function storeTree(temporary, closure) {
  const tree = mkdtempSync(join(temporary, "tree-"));
  for (const path of closure) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    await run(["cp", "-a", path, join(tree, path)]);
  }
  return join(tree, "nix");
}

export const scriptStreamed = {
  name: "script-streamed",
  title: "the same with streaming forced, against docker create, docker cp in, start, docker cp out, rm",
  how: "The same script and source. Nothing is bound on either side.",
  claims: [{ ours: "nixBuild", peer: "dockerCp", target: 0.9 }],

  async prepare(temporary) {
    const build = await describe(expression);
    const image = await imageOf(build.spec);
    const store = await storeTree(temporary, build.closure);
    const dockerCp = async () => {
      const created = await run(createCommand(build, image));
      const out = join(mkdtempSync(join(temporary, "out-")), "out");
      return created.seconds + (await runAll(copyAndRun(created.stdout.trim(), store, out)));
    };
    const shown = [createCommand(build, image), ...copyAndRun("CONTAINER", store, "OUT")];
    return {
      sides: {
        nixBuild: {
          label: "nix-build, streaming",
          command: shellLine(freshBuildCommand(expression, "N")),
          run: () => freshBuild(expression),
        },
        dockerCp: { label: "docker cp", command: shown.map(shellLine).join("\n"), run: dockerCp },
      },
    };
  },
};
