/** What the audit adds to the whole nix-build of a wheel. */
import { auditSeconds } from "../audit-log.mjs";
import { run, shellLine } from "../command.mjs";
import { imageOf } from "../engine.mjs";
import { build, describe, freshBuild, freshBuildCommand, freshBuildLog } from "../nix.mjs";
import { pythonModules } from "../tools.mjs";

const wheel = "voyager.bcryptWheel";

/** Times auditwheel inside of the container, so that the container's start does not count. */
async function auditwheelCommand() {
  const { path } = await build(wheel);
  const { spec } = await describe(wheel);
  const volumes = ["--volume", `${path}:/wheel:ro`, "--volume", `${pythonModules()}:/tools:ro`];
  const options = [
    "--rm",
    "--network",
    "none",
    ...volumes,
    "--env",
    "PYTHONPATH=/tools",
    "--entrypoint",
    "bash",
  ];
  const script = "TIMEFORMAT=%R; time python3 -m auditwheel show /wheel/*.whl";
  return ["docker", "run", ...options, await imageOf(spec), "-c", script];
}

export const auditBcrypt = {
  name: "audit-bcrypt",
  title: "nix-build of the bcrypt wheel, with and without the audit of what it links to",
  how: "Warm: the environment exists. What the log of a third build says of its audit, and auditwheel by a clock in its container, on the same image.",
  needs: ["auditwheel"],
  claims: [
    { ours: "audited", peer: "bare", kind: "difference", target: 0.15 },
    { ours: "log", kind: "time", target: 0.15 },
  ],

  async prepare() {
    const auditwheel = await auditwheelCommand();
    return {
      sides: {
        audited: {
          label: "with the audit",
          command: shellLine(freshBuildCommand(wheel, "N")),
          run: () => freshBuild(wheel),
        },
        bare: {
          label: "without",
          command: shellLine(freshBuildCommand(wheel, "N", { audited: false })),
          run: () => freshBuild(wheel, { audited: false }),
        },
        log: {
          label: "the audit alone, by the log",
          command: shellLine(freshBuildCommand(wheel, "N")),
          run: async () => auditSeconds((await freshBuildLog(wheel)).log, 1),
        },
        auditwheel: {
          label: "auditwheel show",
          command: shellLine(auditwheel),
          run: async () => Number((await run(auditwheel)).stderr.trim().split("\n").at(-1)),
        },
      },
    };
  },
};
