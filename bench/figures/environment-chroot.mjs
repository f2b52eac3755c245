/** A new environment beside what builds Debian's own packages: the chroots of sbuild and of pbuilder. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import { buildCommand, buildInNew, forget, newSystem, packages, smallBuild } from "../environments.mjs";
import { evaluate } from "../nix.mjs";
import { find } from "../tools.mjs";

async function cold() {
  const system = newSystem();
  try {
    return await buildInNew(buildCommand(smallBuild(system, packages)));
  } finally {
    await forget(system);
  }
}

/** The tarball that `sbuild --chroot-mode=unshare` unpacks, as its manual makes it. */
const mmdebstrap = (suite, file) => [
  find("mmdebstrap"),
  "--variant=minbase",
  `--include=${packages.join(",")}`,
  suite,
  file,
];

/** The same for pbuilder, with its cache of packages off: ours keeps none from before either. */
const pbuilder = (suite, folder) => [
  find("pbuilder"),
  "create",
  ...["--distribution", suite, "--basetgz", join(folder, "base.tgz"), "--buildplace", folder],
  ...["--aptcache", "", "--debootstrapopts", "--variant=minbase", "--extrapackages", packages.join(" ")],
];

/** Runs a command that leaves its result in a folder of its own, which is removed. */
async function into(temporary, command) {
  const folder = mkdtempSync(join(temporary, "chroot-"));
  try {
    return (await run(command(folder), { env: { HOME: folder } })).seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const environmentChroot = {
  name: "environment-chroot",
  title:
    "a new environment and a build in it, against mmdebstrap (for sbuild) and pbuilder create with the same packages",
  how: "Both peers make the base system, too, which ours takes from its base image, and build nothing. They must be run as root.",
  needs: ["mmdebstrap", "pbuilder"],
  atMost: 3,
  warmUps: 0,
  claims: [
    { ours: "nixBuild", peer: "mmdebstrap", target: 1 },
    { ours: "nixBuild", peer: "pbuilder", target: 1 },
  ],

  async prepare(temporary) {
    const suite = await evaluate("systems.debian12.spec.image.bootstrap.suite");
    return {
      sides: {
        nixBuild: {
          label: "nix-build, cold",
          command: shellLine(buildCommand(smallBuild("SYSTEM", packages))),
          run: cold,
        },
        mmdebstrap: {
          label: "mmdebstrap, for sbuild",
          command: shellLine(mmdebstrap(suite, "chroot.tar")),
          run: () => into(temporary, (folder) => mmdebstrap(suite, join(folder, "chroot.tar"))),
        },
        pbuilder: {
          label: "pbuilder create",
          command: shellLine(pbuilder(suite, "FOLDER")),
          run: () => into(temporary, (folder) => pbuilder(suite, folder)),
        },
      },
    };
  },
};
