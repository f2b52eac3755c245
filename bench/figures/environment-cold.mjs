/** A new environment and a build in it, beside the same by hand. */
import { shellLine } from "../command.mjs";
import {
  baseImage,
  build,
  buildCommand,
  buildInNew,
  byHand,
  forget,
  makeByHand,
  newSystem,
  packages,
  smallBuild,
} from "../environments.mjs";

/** A system that the engine has nothing of. */
async function cold() {
  const system = newSystem();
  try {
    return await buildInNew(buildCommand(smallBuild(system, packages)));
  } finally {
    await forget(system);
  }
}

export const environmentCold = {
  name: "environment-cold",
  title:
    "a new environment for the wheel of bcrypt and a build in it, against docker run apt-get install and docker commit",
  how: "Ours is a whole nix-build of a small script on an engine that keeps no package of the system yet: updates, library index, record, the image and the build are in the time. By hand recommended packages are left out, too, and the lists removed. Both download everything.",
  claims: [
    { ours: "nixBuild", peer: "byHand", target: 1 },
    { kind: "count", ours: "nixBuild", target: 1 },
  ],

  async prepare() {
    const base = await baseImage();
    const system = newSystem();
    const kept = () => buildCommand(smallBuild(system, packages, "environment.maxAge = 0;"));
    await build(kept());
    return {
      sides: {
        nixBuild: {
          label: "nix-build, cold",
          command: shellLine(buildCommand(smallBuild("SYSTEM", packages))),
          run: cold,
        },
        kept: {
          label: "the same with the packages kept from before",
          ours: true,
          command: shellLine(kept()),
          run: () => buildInNew(kept()),
        },
        byHand: {
          label: "docker run, docker commit",
          command: byHand(base, packages, "NAME").map(shellLine).join("\n"),
          run: () => makeByHand(base, packages),
        },
      },
    };
  },
};
