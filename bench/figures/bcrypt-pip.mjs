/** The whole nix-build of a wheel, beside what a user would do by hand: pip wheel in a container. */
import { shellLine } from "../command.mjs";
import { imageOf, runInto } from "../engine.mjs";
import { wheelWithPip as wheel } from "../fixed-wheel.mjs";
import { describe, freshBuild, freshBuildCommand } from "../nix.mjs";

function pipWheel(spec, image, out) {
  const archive = `/source/${spec.src.replace(/^.*\/[0-9a-z]{32}-/, "")}`;
  const volumes = ["--volume", `${spec.src}:${archive}:ro`, "--volume", `${out}:/out`];
  const container = ["--rm", "--network", "none", ...volumes, "--entrypoint", "pip", image];
  const options = ["--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", "/out"];
  return ["docker", "run", ...container, "wheel", ...options, archive];
}

export const bcryptPip = {
  name: "bcrypt-pip",
  title: "nix-build of the bcrypt wheel, against docker run … pip wheel on the same image",
  how: "Warm: the environment exists, with pip in it. Same sdist.",
  claims: [{ ours: "nixBuild", peer: "pip", target: 0.9 }],

  async prepare(temporary) {
    const { spec } = await describe(wheel);
    const image = await imageOf(spec);
    const byHand = (out) => pipWheel(spec, image, out);
    return {
      sides: {
        nixBuild: {
          label: "nix-build",
          command: shellLine(freshBuildCommand(wheel, "N")),
          run: () => freshBuild(wheel),
        },
        pip: {
          label: "docker run … pip wheel",
          command: shellLine(byHand("OUT")),
          run: () => runInto(temporary, byHand),
        },
      },
    };
  },
};
