/** nix-build when all is built, beside that of a bare derivation. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, shellLine } from "../command.mjs";
import { build, helperCommand, root, willDelete } from "../nix.mjs";

/** A derivation without a library around it, in a file of its own. */
function bareDerivation([program, ...args]) {
  const store = /^(.*?\/[0-9a-z]{32}-[^/]+)/;
  const write = (text) => `"${text.replace(store, (path) => `\${builtins.storePath ${path}}`)}"`;
  const script = "require('fs').writeFileSync(process.env.out, '')";
  return `derivation {
  name = "bench-bare";
  system = builtins.currentSystem;
  builder = ${write(program)};
  args = [ ${args.slice(0, -1).map(write).join(" ")} "-e" "${script}" ];
}
`;
}

/** A release of this checkout, as `npm pack` makes it. @returns {Promise<string>} its folder */
async function releaseIn(temporary) {
  await run(["npm", "pack", "--silent", "--pack-destination", temporary], { cwd: root });
  const [archive] = readdirSync(temporary).filter((name) => name.endsWith(".tgz"));
  await run(["tar", "-xf", join(temporary, archive), "-C", temporary]);
  return join(temporary, "package");
}

export const nothingToDo = {
  name: "nothing-to-do",
  title: "nix-build -A bcryptWheel with nothing to do, against a bare derivation with nothing to do",
  how: "All are built already. In a checkout Nix reads the helper's source each time; a release brings the helper compiled, with its hash.",
  claims: [
    { ours: "checkout", peer: "bare", target: 1.5 },
    { ours: "release", peer: "bare", target: 1.5 },
  ],
  atLeast: 21,

  async prepare(temporary) {
    const file = join(temporary, "bare.nix");
    writeFileSync(file, bareDerivation(await helperCommand()));
    await build("voyager.bcryptWheel");
    const bare = ["nix-build", "--no-out-link", file];
    willDelete((await run(bare)).stdout.trim());
    const ours = (from) => ["nix-build", "--no-out-link", from, "-A", "bcryptWheel"];
    const release = await releaseIn(temporary);
    willDelete((await run(ours(release))).stdout.trim());
    const side = (label, command) => ({
      label,
      command: shellLine(command),
      run: async () => (await run(command)).seconds,
    });
    return {
      sides: {
        checkout: side("bcryptWheel, of a checkout", ours(root)),
        release: side("bcryptWheel, of a release", ours(release)),
        bare: side("bare derivation", bare),
      },
    };
  },
};
