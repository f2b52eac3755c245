/**
 * One figure measured.
 *
 * A figure is
 *   name      what --only takes
 *   title     what is measured
 *   how       how, where the title and the commands do not say it
 *   needs     tools that it runs, names from tools.mjs; where one is missing, only this figure fails
 *   atLeast   fewest rounds that count, for a figure that takes so little that a moment's other work shows
 *   atMost    most rounds that count, for a figure that takes long; `warmUps: 0` saves one more
 *   measures  name → { label, unit: "seconds" | "bytes" | "count" }: what a run gives beside "seconds", "memory"
 *             (bytes, the peak) and "count"
 *   claims    { ours, peer, target, kind, of }[]: names of two sides, and what is promised: at most this
 *             "ratio" (if no kind is given) or "difference", or, of `ours` alone, at most this "value";
 *             of which measure ("seconds" if not given). Kinds "time", "memory" and "count" are the value of
 *             the measure of that name
 *   prepare   (temporary folder) → { sides: name → { label, command, run } }; `run` resolves with the
 *             seconds of one run, or with measures by name; `command` is shown in the report. A side that
 *             no claim speaks of is a peer to compare with; `ours: true` says that it is ours
 */
import { compare, measure } from "./measure.mjs";
import { missing, needMessage } from "./tools.mjs";

const knownMeasures = {
  seconds: { label: "time", unit: "seconds" },
  memory: { label: "peak memory", unit: "bytes" },
  count: { label: "count", unit: "count" },
};
const measureOfKind = { time: "seconds", memory: "memory", count: "count" };

/** A claim with its defaults, and what was measured. */
function judged(claim, sides) {
  const { kind: given = "ratio", ours, peer, target } = claim;
  const kind = measureOfKind[given] ? "value" : given;
  const of = claim.of ?? measureOfKind[given] ?? "seconds";
  const measured = compare(kind, sides[ours].measures[of], sides[peer]?.measures[of]);
  return { kind, of, ours, peer, target, measured, met: measured.median <= target };
}

/**
 * Measures one figure. What goes wrong becomes part of the result, and the others go on.
 *
 * @param {any} figure
 * @param {number} runs rounds that count
 * @param {string} temporary folder
 * @param {(what: string) => void} progress may throw, to stop
 * @returns {Promise<import("./report.mjs").Result>}
 */
export async function measureFigure(figure, runs, temporary, progress) {
  const { name, title, how, claims, needs = [], atLeast = 1, atMost = Infinity, warmUps } = figure;
  const measures = { ...knownMeasures, ...figure.measures };
  const started = performance.now();
  const result = (sides, made, error) => {
    const took = (performance.now() - started) / 1000;
    return { name, title, how, took, measures, sides, claims: made, ...(error ? { error } : {}) };
  };
  try {
    const lacking = missing(needs);
    if (lacking.length > 0) throw new Error(needMessage(lacking));
    progress("preparing");
    const { sides } = await figure.prepare(temporary);
    const rounds = Math.min(Math.max(runs, atLeast), atMost);
    const functions = Object.fromEntries(Object.entries(sides).map(([side, { run }]) => [side, run]));
    const onRound = (round) => progress(`round ${round} of ${rounds}`);
    const measured = await measure(functions, rounds, { warmUps, onRound });
    const owned = new Set(claims.map(({ ours }) => ours));
    const described = Object.fromEntries(
      Object.entries(sides).map(([side, { label, command, ours = owned.has(side) }]) => [
        side,
        { label, command, ours, measures: measured[side] },
      ]),
    );
    return result(
      described,
      claims.map((claim) => judged(claim, described)),
    );
  } catch (error) {
    return result({}, [], error.message);
  }
}
