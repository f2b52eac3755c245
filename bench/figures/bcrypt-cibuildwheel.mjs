/** The whole nix-build of a wheel, beside the tool that most projects make their wheels with. */
import { shellLine } from "../command.mjs";
import { derivedImage, imageOf, runInto } from "../engine.mjs";
import { wheelWithPip as wheel } from "../fixed-wheel.mjs";
import { describe, freshBuild, freshBuildCommand } from "../nix.mjs";
import { find } from "../tools.mjs";

/** What cibuildwheel looks for in an image: the places of manylinux, here the system's own interpreter. */
const manylinuxLayer = `
for name in cp39-cp39 cp311-cp311; do
  mkdir -p /opt/python/$name/bin
  ln -s /usr/bin/python3 /opt/python/$name/bin/python
  ln -s /usr/bin/pip /opt/python/$name/bin/pip
done
printf '#!/bin/sh\\n' >/usr/local/bin/manylinux-interpreters
chmod +x /usr/local/bin/manylinux-interpreters
`;

/** Nothing is installed or downloaded, and nothing is copied into the wheel: as ours, it shall use the system's. */
function settings(image) {
  return {
    CIBW_BUILD: "cp311-manylinux_x86_64",
    CIBW_MANYLINUX_X86_64_IMAGE: image,
    CIBW_BUILD_FRONTEND: "pip; args: --no-build-isolation",
    CIBW_CONTAINER_ENGINE: "docker; create_args: --network none",
    CIBW_REPAIR_WHEEL_COMMAND: "",
    CIBW_DEPENDENCY_VERSIONS: "latest",
  };
}

export const bcryptCibuildwheel = {
  name: "bcrypt-cibuildwheel",
  title: "nix-build of the bcrypt wheel, against cibuildwheel on the same image",
  how: "Warm: the environment exists, with pip in it; for cibuildwheel, links lie where it looks for Python. Same sdist, no network, no build isolation, no repair, no tests. Python has compiled cibuildwheel's modules before.",
  needs: ["cibuildwheel", "pip"],
  claims: [{ ours: "nixBuild", peer: "cibuildwheel", target: 0.6 }],

  async prepare(temporary) {
    const { spec } = await describe(wheel);
    const image = await derivedImage(await imageOf(spec), manylinuxLayer);
    const env = settings(image);
    const command = (out) => [find("cibuildwheel"), "--platform", "linux", "--output-dir", out, spec.src];
    const shown = Object.entries(env).map(([name, value]) => shellLine([`${name}=${value}`]));
    return {
      sides: {
        nixBuild: {
          label: "nix-build",
          command: shellLine(freshBuildCommand(wheel, "N")),
          run: () => freshBuild(wheel),
        },
        cibuildwheel: {
          label: "cibuildwheel",
          command: [...shown, shellLine(command("OUT"))].join(" \\\n"),
          run: () => runInto(temporary, command, { env, cwd: temporary }),
        },
      },
    };
  },
};
