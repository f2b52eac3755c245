/** Numbers as people read them. */

/**
 * A span of time with as many digits as it deserves.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function time(seconds) {
  const size = Math.abs(seconds);
  if (size < 0.01 && size > 0) return `${(seconds * 1000).toFixed(1)} ms`;
  if (size < 1) return `${(seconds * 1000).toFixed(0)} ms`;
  return `${seconds.toFixed(size < 100 ? 2 : 0)} s`;
}

/** @param {number} value */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3));
  return `${(value / 1000 ** power).toPrecision(3).replace(/\.0+$/, "")} ${units[power]}`;
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 });
}

/** @param {number} value */
export function times(value) {
  return `${value.toFixed(value < 0.1 ? 3 : 2)}×`;
}

/** How to show a value of a unit. */
export const show = { seconds: time, bytes, count, times };

/** The median and, in parentheses, the range. @param {Summary} values @param {(value: number) => string} show */
export function spread({ median, min, max }, show) {
  return `${show(median)} (${show(min)} … ${show(max)})`;
}

const signs = { ratio: " / ", difference: " − " };

/**
 * A claim in words: the sides' names, what was measured, and what was promised.
 *
 * @param {import("./report.mjs").Result} result
 * @param {import("./report.mjs").Claim} claim
 * @returns {{ names: string, measured: string, median: string, target: string }}
 */
export function claimText({ sides, measures }, { kind, of, ours, peer, measured, target }) {
  const { label, unit } = measures[of];
  const what = of === "seconds" ? "" : `, ${label}`;
  const names = signs[kind] ? sides[ours].label + signs[kind] + sides[peer].label : sides[ours].label;
  const shown = kind === "ratio" ? times : show[unit];
  const promised = kind === "ratio" ? `${target}×` : shown(target);
  return {
    names: `${names}${what}`,
    measured: spread(measured, shown),
    median: shown(measured.median),
    target: promised,
  };
}
