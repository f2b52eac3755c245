/** What packs outputs in a container, so that they come out as they would where they are bound. */
import { refuseEntry } from "./forbidden.ts";

/** A larger file is looked into for holes. */
const largeFile = 256 * 1024 * 1024;
/** The script's status when there is a socket, whose path it writes to standard error. */
const holdsSocket = 76;

/**
 * A script of shell that writes a tar of the paths, which are relative to "/", to standard output.
 *
 * - Tar leaves out sockets without a word, so they are looked for.
 * - What the build has closed to its owner tar could not read; Nix opens it in any case.
 * - Holes are kept where there is a large file. Only there, because of a small one that the file system
 *   has not yet given a place tar believes that it is all hole.
 */
export function exportScript(paths: string[]): string {
  // A store path may hold a "?".
  const quoted = paths.map((path) => `'${path}'`).join(" ");
  const tests = [
    "-type d ! -perm -700 -exec chmod u+rwx {} \\;",
    "-type f ! -perm -400 -exec chmod u+r {} +",
    `-type f -size +${largeFile / 512} -printf .`,
    "-type s -printf s%p -quit",
  ];
  return `cd / || exit
found=$(find ${quoted} ${tests.map((test) => `\\( ${test} \\)`).join(" , ")})
case $found in *s*) printf %s "/\${found#*s}" >&2; exit ${holdsSocket} ;; esac
exec tar -c -f - \${found:+--sparse} ${quoted}
`;
}

/** Throws the error for what the script has found, if that is why it has failed. */
export function refuseFound(status: number, complaints: string): void {
  if (status === holdsSocket) refuseEntry(Buffer.from(complaints), "a socket");
}
