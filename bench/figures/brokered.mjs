/** What the broker costs: the same build by way of it, and with the engine's own socket. */
import { chmodSync, chownSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.mjs";
import { runHelper } from "../helper.mjs";
import { describe, helperCommand } from "../nix.mjs";

const expression = "voyager.bcryptWheel";
const socket = "/run/nix-voyager/broker.sock";
const user = "nixbld1";

export const brokered = {
  name: "brokered",
  title: "the wheel of bcrypt built by the broker, against the same with the engine's own socket",
  how: "The helper alone, started as one of Nix's build users: what Nix does is the same on both sides.",
  claims: [{ ours: "broker", peer: "direct", target: 1.05 }],

  async prepare(temporary) {
    if (!existsSync(socket))
      throw new Error(`there is no broker at ${socket}: ./setup/quickstart starts one`);
    const { spec, closure } = await describe(expression);
    const command = await helperCommand();
    chmodSync(temporary, 0o755); // another user's builds are below it
    const [, , uid, gid] = (await run(["getent", "passwd", user])).stdout.split(":").map(Number);
    const paths = closure.map((path) => ({ path, narSize: 0 }));
    const as = (groups, env) => ["setpriv", "--reuid", user, "--regid", "nixbld", ...groups, "env", ...env];
    const built = async (prefix) => {
      // Outputs lie in the store itself, as in a Nix without sandbox: to another place the broker gives nothing.
      const prepare = ({ top, out }) => {
        for (const path of [top, join(top, "store"), join(top, ".attrs.json")]) chownSync(path, uid, gid);
        return () => rmSync(out, { recursive: true, force: true });
      };
      const { end } = await runHelper([...prefix, ...command], temporary, spec, paths, {
        store: "/nix/store",
        prepare,
      });
      return end;
    };
    const direct = as(["--groups", "docker"], ["DOCKER_HOST=unix:///var/run/docker.sock"]);
    const broker = as(["--clear-groups"], ["--unset=DOCKER_HOST"]);
    return {
      sides: {
        broker: { label: "by the broker", command: "voyager build", run: () => built(broker) },
        direct: { label: "directly", command: "DOCKER_HOST=… voyager build", run: () => built(direct) },
      },
    };
  },
};
