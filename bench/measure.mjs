/**
 * Alternating runs: in each round every side runs once, so that what else the machine does meets
 * all of them alike; ratios are taken round by round. Every other round goes backwards, so that no
 * side always profits from what the one before it left in caches.
 */

/**
 * @typedef {{ median: number, min: number, max: number, values: number[] }} Summary
 * @typedef {Record<string, Summary>} Measured summaries by measure: "seconds", "memory" …
 */

/**
 * Runs the sides in turn.
 *
 * @param {Record<string, () => Promise<number | Record<string, number>>>} sides name → one run, which resolves
 *   with its seconds, or with several measures by name
 * @param {number} runs rounds that count
 * @param {{ warmUps?: number, onRound?: (round: number) => void }} [options] rounds that are thrown away, as the
 *   first one pays for cold caches (1); `onRound` is told before each round, 0 is a warm-up
 * @returns {Promise<Record<string, Measured>>} by side
 */
export async function measure(sides, runs, { warmUps = 1, onRound = () => {} } = {}) {
  const names = Object.keys(sides);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 1 - warmUps; round <= runs; round++) {
    onRound(Math.max(0, round));
    const order = round % 2 === 0 ? [...names].reverse() : names;
    for (const name of order) {
      const value = await sides[name]();
      if (round > 0) results[name].push(typeof value === "number" ? { seconds: value } : value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, byMeasure(results[name])]));
}

/** One summary for each measure that the runs gave. */
function byMeasure(runs) {
  const names = Object.keys(runs[0]);
  return Object.fromEntries(names.map((name) => [name, summary(runs.map((values) => values[name]))]));
}

const comparisons = {
  ratio: (ours, peer) => ours / peer,
  difference: (ours, peer) => ours - peer,
  value: (ours) => ours,
};

/**
 * What a claim speaks of, round by round.
 *
 * @param {keyof typeof comparisons} kind
 * @param {Summary} ours
 * @param {Summary} [peer] not of a value
 * @returns {Summary}
 */
export function compare(kind, ours, peer) {
  return summary(ours.values.map((value, round) => comparisons[kind](value, peer?.values[round])));
}

/**
 * @param {number[]} values at least one
 * @returns {Summary}
 */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1], values };
}
