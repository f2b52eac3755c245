/** A fixed script, beside docker run of it. */
import { shellLine } from "../command.mjs";
import { dockerRun, imageOf, runInto } from "../engine.mjs";
import { fixedScript } from "../fixed-script.mjs";
import { describe, freshBuild, freshBuildCommand } from "../nix.mjs";

const expression = fixedScript("auto");

export const script = {
  name: "script",
  title: "mkDockerBuild with a script of 2 s, against docker run of it",
  how: "The script sleeps for 2 s and writes 200 files, so the ratio shows what is added to it.",
  claims: [{ ours: "nixBuild", peer: "dockerRun", target: 1.12 }],

  async prepare(temporary) {
    const build = await describe(expression);
    const image = await imageOf(build.spec);
    const byHand = (out) => dockerRun(build, image, out);
    return {
      sides: {
        nixBuild: {
          label: "nix-build",
          command: shellLine(freshBuildCommand(expression, "N")),
          run: () => freshBuild(expression),
        },
        dockerRun: {
          label: "docker run",
          command: shellLine(byHand("OUT")),
          run: () => runInto(temporary, byHand),
        },
      },
    };
  },
};
