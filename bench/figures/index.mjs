/**
 * All figures, in the order of the report.
 *
 * A figure is
 *   name      what --only takes
 *   title     what is measured
 *   how       how, where the title and the commands do not say it
 *   claims    { ours, peer, target, kind }[]: names of two sides, and what is promised: at most this
 *             "ratio" (if no kind is given) or "difference" in seconds, or "time" of one side
 *   prepare   (temporary folder) → { sides: name → { label, command, run } }; `run` resolves with
 *             the seconds of one run, `command` is shown in the report
 */
import { auditBcrypt } from "./audit-bcrypt.mjs";
import { auditThousand } from "./audit-thousand.mjs";
import { bcryptPip } from "./bcrypt-pip.mjs";
import { bcryptScript } from "./bcrypt-script.mjs";
import { closureAvailable } from "./closure-available.mjs";
import { closureExported } from "./closure-exported.mjs";
import { evaluation } from "./evaluation.mjs";
import { helperStart } from "./helper-start.mjs";
import { nothingToDo } from "./nothing-to-do.mjs";
import { script } from "./script.mjs";
import { scriptStreamed } from "./script-streamed.mjs";

export const figures = [
  bcryptScript,
  bcryptPip,
  script,
  scriptStreamed,
  closureAvailable,
  closureExported,
  helperStart,
  evaluation,
  nothingToDo,
  auditBcrypt,
  auditThousand,
];
