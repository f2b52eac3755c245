/** All figures, in the order of the report. What a figure is says ../figure.mjs. */
import { auditBcrypt } from "./audit-bcrypt.mjs";
import { auditThousand } from "./audit-thousand.mjs";
import { bcryptCibuildwheel } from "./bcrypt-cibuildwheel.mjs";
import { bcryptPip } from "./bcrypt-pip.mjs";
import { bcryptScript } from "./bcrypt-script.mjs";
import { brokered } from "./brokered.mjs";
import { closureAvailable } from "./closure-available.mjs";
import { closureExported } from "./closure-exported.mjs";
import { closurePaths } from "./closure-paths.mjs";
import { environmentChroot } from "./environment-chroot.mjs";
import { environmentCold } from "./environment-cold.mjs";
import { environmentSecond } from "./environment-second.mjs";
import { evaluation } from "./evaluation.mjs";
import { fileExported } from "./file-exported.mjs";
import { filesExported } from "./files-exported.mjs";
import { helperStart } from "./helper-start.mjs";
import { nothingToDo } from "./nothing-to-do.mjs";
import { queue } from "./queue.mjs";
import { script } from "./script.mjs";
import { scriptStreamed } from "./script-streamed.mjs";
import { wheelsAtOnce } from "./wheels-at-once.mjs";

export const figures = [
  bcryptScript,
  bcryptPip,
  bcryptCibuildwheel,
  script,
  scriptStreamed,
  brokered,
  closureAvailable,
  closurePaths,
  closureExported,
  fileExported,
  filesExported,
  environmentCold,
  environmentSecond,
  environmentChroot,
  wheelsAtOnce,
  queue,
  helperStart,
  evaluation,
  nothingToDo,
  auditBcrypt,
  auditThousand,
];
