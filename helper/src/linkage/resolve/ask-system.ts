/** All that is asked of a build's container about its files, in as few scripts as may be. */
import { type Ask, askTogether } from "./ask.ts";
import { confirmOwners } from "./confirm-owners.ts";
import {
  completeResolutions,
  type FileToResolve,
  type Resolution,
  resolutionQuestion,
} from "./resolve-libraries.ts";
import { type SystemLibraries, systemLibrariesQuestion } from "./system-libraries.ts";

export interface SystemAnswers {
  system: SystemLibraries;
  /** By path in the container. */
  resolutions: Map<string, Resolution>;
}

/**
 * Asks where the loader finds the files' libraries, and who owns these: one script, a second one
 * where a library is not in the index or a loader hung.
 *
 * @param isSystemFile whether a package of the system could own a path: none does in the build's own
 *   folders and in the Nix store, so there is no need to ask
 * @param otherFiles real paths of more files whose owners will be asked for, as of static libraries
 */
export async function askSystem(
  ask: Ask,
  files: readonly FileToResolve[],
  isSystemFile: (realPath: string) => boolean,
  otherFiles: readonly string[] = [],
): Promise<SystemAnswers> {
  const [system, first] = await askTogether(ask, [systemLibrariesQuestion, resolutionQuestion(files)]);
  const resolutions = await completeResolutions(ask, first);
  const found = [...resolutions.values()].flatMap(({ libraries }) =>
    libraries.map(({ realPath }) => realPath),
  );
  await confirmOwners(ask, system, [...found, ...otherFiles].filter(isSystemFile));
  return { system, resolutions };
}
