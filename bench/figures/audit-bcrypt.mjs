/** What the audit adds to the whole nix-build of a wheel. */
import { auditSeconds } from "../audit-log.mjs";
import { shellLine } from "../command.mjs";
import { describe, freshBuild, freshBuildCommand, freshBuildLog } from "../nix.mjs";

const wheel = "voyager.bcryptWheel";

export const auditBcrypt = {
  name: "audit-bcrypt",
  title: "nix-build of the bcrypt wheel, with and without the audit of what it links to",
  how: "Warm: the environment exists. The last side is what the log of a third build says of its audit.",
  claims: [
    { ours: "audited", peer: "bare", kind: "difference", target: 0.15 },
    { ours: "log", kind: "time", target: 0.15 },
  ],

  async prepare() {
    await describe(wheel);
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
      },
    };
  },
};
