/** One package more than an environment has, beside the whole again by hand. */
import { shellLine } from "../command.mjs";
import {
  baseImage,
  build,
  buildCommand,
  buildInNew,
  byHand,
  environmentsOf,
  forgetPackages,
  makeByHand,
  newSystem,
  packages,
  removeEnvironments,
  smallBuild,
} from "../environments.mjs";

const more = [...packages, "libjpeg62-turbo-dev"];

export const environmentSecond = {
  name: "environment-second",
  title:
    "a second environment with one more -dev package and a build in it, against the same by hand from the base image",
  how: "The first environment is there. The packages that the engine keeps are forgotten before each run, so the new one is downloaded.",
  claims: [{ ours: "nixBuild", peer: "byHand", target: 0.35 }],

  async prepare() {
    const base = await baseImage();
    const system = newSystem();
    await build(buildCommand(smallBuild(system, packages)));
    const first = await environmentsOf(system);
    const second = async () => {
      await removeEnvironments(system, first);
      await forgetPackages(system);
      return buildInNew(buildCommand(smallBuild(system, more)));
    };
    return {
      sides: {
        nixBuild: {
          label: "nix-build",
          command: shellLine(buildCommand(smallBuild(system, more))),
          run: second,
        },
        byHand: {
          label: "docker run, docker commit",
          command: byHand(base, more, "NAME").map(shellLine).join("\n"),
          run: () => makeByHand(base, more),
        },
      },
    };
  },
};
