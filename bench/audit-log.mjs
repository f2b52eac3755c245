/** What a build's log says of the time that the audit took. */

/**
 * Adds up the log's lines of the audit: all that is done between the end of the build's script and the
 * last of the records, though a part of it is done while the engine removes the container.
 *
 * @param {string} log
 * @param {number} files that the audit must have read
 * @returns {number} seconds
 */
export function auditSeconds(log, files) {
  const read = /linkage: (\d+) compiled files? read {2}\(([\d.]+) s\)/.exec(log);
  const written = /linkage: records written {2}\(([\d.]+) s\)/.exec(log);
  if (Number(read?.[1]) !== files || !written) {
    throw new Error(`the log does not tell of an audit of ${files} files:\n${log.slice(-2000)}`);
  }
  return Number(read[2]) + Number(written[1]);
}
