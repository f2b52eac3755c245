/** nix-build when all is built, beside that of a bare derivation. */
import { writeFileSync } from "node:fs";
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

export const nothingToDo = {
  name: "nothing-to-do",
  title: "nix-build -A bcryptWheel with nothing to do, against a bare derivation with nothing to do",
  how: "Both are built already.",
  claims: [{ ours: "bcryptWheel", peer: "bare", target: 1.5 }],

  async prepare(temporary) {
    const file = join(temporary, "bare.nix");
    writeFileSync(file, bareDerivation(await helperCommand()));
    await build("voyager.bcryptWheel");
    const bare = ["nix-build", "--no-out-link", file];
    willDelete((await run(bare)).stdout.trim());
    const ours = ["nix-build", "--no-out-link", root, "-A", "bcryptWheel"];
    const side = (label, command) => ({
      label,
      command: shellLine(command),
      run: async () => (await run(command)).seconds,
    });
    return { sides: { bcryptWheel: side("bcryptWheel", ours), bare: side("bare derivation", bare) } };
  },
};
