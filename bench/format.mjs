/** Numbers as people read them. */

const milliseconds = (value) => `${(value * 1000).toFixed(0)} ms`;

/**
 * A span of time with as many digits as it deserves.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function time(seconds) {
  return Math.abs(seconds) < 1 ? milliseconds(seconds) : `${seconds.toFixed(2)} s`;
}

/** The median and, in parentheses, the range. @param {Summary} values @param {(value: number) => string} show */
export function spread({ median, min, max }, show) {
  return `${show(median)} (${show(min)} … ${show(max)})`;
}

/** @param {number} value */
export function times(value) {
  return `${value.toFixed(value < 0.1 ? 3 : 2)}×`;
}

/**
 * A claim in words: the sides' names, what was measured, and what was promised.
 *
 * @param {import("./report.mjs").Result} result
 * @param {import("./report.mjs").Claim} claim
 * @returns {{ names: string, measured: string, median: string, target: string }}
 */
export function claimText({ sides }, { kind, ours, peer, measured, target }) {
  const signs = { ratio: " / ", difference: " − " };
  const names = kind === "time" ? sides[ours].label : sides[ours].label + signs[kind] + sides[peer].label;
  const show = kind === "ratio" ? times : time;
  const promised = kind === "ratio" ? `${target}×` : time(target);
  return { names, measured: spread(measured, show), median: show(measured.median), target: promised };
}
