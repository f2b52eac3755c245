/** What it takes until a large closure can be read in the container. */
import { makeClosure } from "../closure.mjs";
import { copyingIn } from "../copying.mjs";
import { imageOf } from "../engine.mjs";
import { runHelper } from "../helper.mjs";
import { describe, helperCommand } from "../nix.mjs";

const expression = `mkDockerBuild {
  pname = "bench-closure"; version = "1"; system = systems.debian12;
  buildScript = "echo bench: begin; echo done >$out/done";
}`;

export const closureAvailable = {
  name: "closure-available",
  title: "a closure of 135 MB in 9,500 files made available, against docker cp of it",
  how: "Helper's start to the script's first line, less the same without the closure; no Nix around it.",
  claims: [
    { ours: "bind", peer: "dockerCp", target: 0.02 },
    { ours: "stream", peer: "dockerCp", target: 0.2 },
  ],

  async prepare(temporary) {
    const { spec, closure: own } = await describe(expression);
    const image = await imageOf(spec);
    const large = await makeClosure(temporary);
    const command = await helperCommand();
    const small = own.map((path) => ({ path, narSize: 0 }));

    const difference = (transfer) => async () => {
      const chosen = { ...spec, transfer };
      const without = await runHelper(command, temporary, chosen, small);
      const whole = await runHelper(command, temporary, chosen, [...small, large]);
      return whole.begin - without.begin;
    };
    return {
      sides: {
        bind: { label: "bound", command: 'transfer = "bind"', run: difference("bind") },
        stream: { label: "streamed", command: 'transfer = "stream"', run: difference("stream") },
        ...copyingIn(image, large.path),
      },
    };
  },
};
