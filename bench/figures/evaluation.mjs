/** A thousand declarations, beside a thousand bare derivations with the same attributes. */
import { run, shellLine } from "../command.mjs";
import { root } from "../nix.mjs";

const instantiate = (attribute) => ["nix-instantiate", `${root}/tests/lib/thousand.nix`, "-A", attribute];
const side = (label, attribute) => ({
  label,
  command: shellLine(instantiate(attribute)),
  run: async () => (await run(instantiate(attribute))).seconds,
});

export const evaluation = {
  name: "evaluation",
  title: "1,000 mkDockerWheel instantiated, against 1,000 bare derivations",
  how: "The derivation files exist already, so nothing is written: that would cost both the same and flatter the ratio.",
  claims: [{ ours: "declared", peer: "bare", target: 1.5 }],
  atLeast: 21,

  async prepare() {
    return { sides: { declared: side("mkDockerWheel", "declared"), bare: side("derivation", "bare") } };
  },
};
