/** Plots as inline SVG: no script, colours of the page, a text alternative. */
import { show } from "./format.mjs";
import { escaped } from "./html.mjs";

const width = 880;
const labelWidth = 210;
const valueWidth = 96;
const rowHeight = 38;
const axisHeight = 24;

/** A round step for an axis: 1, 2 or 5 times a power of ten, at most five of them up to `largest`. */
function axisStep(largest) {
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

/** Breaks a label that is too long for its column, at a space, into at most two lines. */
function lines(label) {
  const most = 30;
  if (label.length <= most) return [label];
  const space = label.lastIndexOf(" ", most);
  return space > 0 ? [label.slice(0, space), label.slice(space + 1)] : [label];
}

/** One side: its range as a line, each run as a dot, the median as a stroke, its number at the right. */
function row({ label, ours, values, limits = [] }, y, x, shown) {
  const { median, min, max } = values;
  const kind = ours ? "ours" : "peer";
  const text = lines(label).map((line, i, all) => {
    const down = y + 4 + (i - (all.length - 1) / 2) * 15;
    return `<text x="${labelWidth - 12}" y="${down}" text-anchor="end">${escaped(line)}</text>`;
  });
  const bar = `<rect class="bar" x="${x(0)}" y="${y - 11}" width="${Math.max(0, x(median) - x(0))}" height="22" rx="2"/>`;
  const range = `<line class="range" x1="${x(min)}" x2="${x(max)}" y1="${y}" y2="${y}"/>`;
  const dots = values.values.map(
    (value, i) =>
      // Dots that lie on each other would look like one, so they take turns in height.
      `<circle cx="${x(value)}" cy="${y + (i % 2 === 0 ? -3.5 : 3.5)}" r="3.5"><title>${shown(value)}</title></circle>`,
  );
  const middle = `<line class="median" x1="${x(median)}" x2="${x(median)}" y1="${y - 13}" y2="${y + 13}"/>`;
  const promised = limits.map(
    (limit) =>
      `<line class="limit" x1="${x(limit)}" x2="${x(limit)}" y1="${y - 17}" y2="${y + 17}"><title>promised: at most ${shown(limit)}</title></line>`,
  );
  const number = `<text class="number" x="${width}" y="${y + 4}" text-anchor="end">${shown(median)}</text>`;
  return `<g class="${kind}">${text.join("")}${bar}${range}${dots.join("")}${middle}${promised.join("")}${number}</g>`;
}

/**
 * One row for each side, drawn from zero, so that lengths compare.
 *
 * @param {{ title: string, unit: "seconds" | "bytes" | "count",
 *   rows: { label: string, ours: boolean, values: import("./measure.mjs").Summary, limits?: number[] }[] }} what
 *   `limits` is what was promised, in the plot's unit
 * @returns {string} an svg element
 */
export function plot({ title, unit, rows }) {
  const shown = show[unit];
  const ends = rows.flatMap(({ values, limits = [] }) => [values.max, ...limits]);
  const largest = Math.max(...ends, 1e-6) * 1.04;
  const from = labelWidth;
  const to = width - valueWidth;
  const x = (value) => Number((from + (Math.max(0, value) / largest) * (to - from)).toFixed(1));
  const top = 2;
  const bottom = top + rows.length * rowHeight;
  const step = axisStep(largest);
  let axis = "";
  for (let i = 0; i * step <= largest; i++) {
    const at = x(i * step);
    axis += `<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>`;
    axis += `<text class="soft" x="${at}" y="${bottom + 16}" text-anchor="middle">${shown(i * step)}</text>`;
  }
  const drawn = rows.map((side, i) => row(side, top + i * rowHeight + rowHeight / 2, x, shown));
  const spoken = rows
    .map(
      ({ label, values }) =>
        `${label}: median ${shown(values.median)}, ${shown(values.min)} to ${shown(values.max)}`,
    )
    .join("; ");
  return (
    `<svg viewBox="0 0 ${width} ${bottom + axisHeight}" role="img" aria-label="${escaped(`${title}. ${spoken}.`)}">` +
    `${axis}${drawn.join("")}</svg>`
  );
}
