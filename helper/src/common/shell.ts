/** Words for scripts of the POSIX shell. */

/** The word as the shell reads it back, whatever it holds (but for a NUL, which no word can). */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Definition of a shell function `real_paths`, which reads absolute paths, one a line, and prints
 * the real path of each, links followed, in as few programs as may be. What does not exist is
 * followed as far as it does. Should a real path hold a newline there are more lines than were
 * asked: compare the numbers.
 */
export const realPathsFunction = `real_paths() {
  awk 'function flush() { if (n) print "readlink -m -z --" words; words = ""; n = 0 }
    { gsub(/\\047/, "\\047\\134\\047\\047"); words = words " \\047" $0 "\\047"; if (++n == 500) flush() }
    END { flush() }' | sh | tr '\\000' '\\n'
}`;
