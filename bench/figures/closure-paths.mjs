/** A closure of very many paths: each is bound by itself. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import { dockerRun, imageOf, runInto } from "../engine.mjs";
import { describe, freshBuild, freshBuildCommand, willDelete } from "../nix.mjs";

const count = 500;

/** @param {string[]} paths */
const expression = (paths) => `mkDockerBuild {
  pname = "bench-paths"; version = "1"; system = systems.debian12;
  nixDependencies = map builtins.storePath [ ${paths.join(" ")} ];
  buildScript = "cat ${paths[0]}/number ${paths[count - 1]}/number >$out/numbers";
}`;

/** Store paths with a file each. */
async function makePaths(temporary) {
  const folders = Array.from({ length: count }, (_, number) => join(temporary, `bench-path-${number}`));
  for (const [number, folder] of folders.entries()) {
    mkdirSync(folder);
    writeFileSync(join(folder, "number"), `${number}\n`);
  }
  const paths = (await run(["nix-store", "--add", ...folders])).stdout.trim().split("\n");
  for (const path of paths) willDelete(path);
  return paths;
}

export const closurePaths = {
  name: "closure-paths",
  title: `nix-build with a closure of ${count} store paths, against docker run with as many --volume`,
  claims: [{ kind: "difference", ours: "nixBuild", peer: "dockerRun", target: 0.35 }],

  async prepare(temporary) {
    const paths = await makePaths(temporary);
    const build = await describe(expression(paths));
    const image = await imageOf(build.spec);
    const byHand = (out) => dockerRun(build, image, out);
    return {
      sides: {
        nixBuild: {
          label: "nix-build",
          command: shellLine(freshBuildCommand(expression(["PATH…"]), "N")),
          run: () => freshBuild(expression(paths)),
        },
        dockerRun: {
          label: "docker run",
          command: shellLine(byHand("OUT").filter((word) => !paths.some((path) => word.startsWith(path)))),
          run: () => runInto(temporary, byHand),
        },
      },
    };
  },
};
