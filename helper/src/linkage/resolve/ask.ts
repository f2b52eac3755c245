/**
 * Runs a POSIX sh script in the container of a build that has ended, as the build's user, and
 * resolves with its standard output. Script and output are bytes, one a character (latin1), as the
 * names of files are.
 */
export type Ask = (script: string) => Promise<string>;
