/** The whole nix-build of a wheel, beside a docker run of the very same script: what Nix and we add. */
import { shellLine } from "../command.mjs";
import { dockerRun, imageOf, runInto } from "../engine.mjs";
import { describe, freshBuild, freshBuildCommand } from "../nix.mjs";

const wheel = "voyager.bcryptWheel";

export const bcryptScript = {
  name: "bcrypt-script",
  title: "nix-build of the bcrypt wheel, against docker run of the same script",
  how: "Warm: the environment exists. Each nix-build is a new derivation, evaluation and registration included.",
  claims: [{ ours: "nixBuild", peer: "dockerRun", target: 1.3 }],

  async prepare(temporary) {
    const build = await describe(wheel);
    const image = await imageOf(build.spec);
    const byHand = (out) => dockerRun(build, image, out);
    return {
      sides: {
        nixBuild: {
          label: "nix-build",
          command: shellLine(freshBuildCommand(wheel, "N")),
          run: () => freshBuild(wheel),
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
