/** The report as one self-contained page. */
import { claimText, time } from "./format.mjs";

const style = `
:root { color-scheme: light dark; --ink: #1c2128; --soft: #5b6470; --line: #d8dde3; --back: #fff; --card: #f6f8fa;
  --ours: #1f6feb; --peer: #8b949e; --good: #1a7f37; --bad: #bc4c00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4b0; --line: #343b44; --back: #0d1117;
  --card: #161b22; --ours: #58a6ff; --peer: #7d8590; --good: #3fb950; --bad: #f0883e; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 0 0 .25rem; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
p { margin: .25rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 13px; }
svg .soft { fill: var(--soft); } svg line { stroke: var(--line); } svg .ours { fill: var(--ours); stroke: var(--ours); }
svg .peer { fill: var(--peer); stroke: var(--peer); }
pre { overflow-x: auto; font-size: 12px; background: var(--back); padding: .5rem; border: 1px solid var(--line); }
summary { cursor: pointer; color: var(--soft); }
`;

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => String(text).replace(/[&<>"]/g, (character) => entities[character]);

/** A round step for an axis: 1, 2 or 5 times a power of ten, about five of them up to `largest`. */
function axisStep(largest) {
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

const plotWidth = 860;
const labelWidth = 190;
const rowHeight = 34;

/** One row per side: each run is a dot, the median a bar. Drawn from zero, so that lengths compare. */
function plot(result) {
  const sides = Object.entries(result.sides);
  const ours = new Set(result.claims.map((claim) => claim.ours));
  const largest = Math.max(...sides.map(([, { seconds }]) => seconds.max), 0.001) * 1.05;
  const x = (value) => labelWidth + (Math.max(0, value) / largest) * (plotWidth - labelWidth - 20);
  const bottom = sides.length * rowHeight + 4;
  const step = axisStep(largest);
  let marks = "";
  for (let value = 0; value <= largest; value += step) {
    marks += `<line x1="${x(value)}" x2="${x(value)}" y1="0" y2="${bottom}"/>`;
    marks += `<text class="soft" x="${x(value)}" y="${bottom + 15}" text-anchor="middle">${time(value)}</text>`;
  }
  const rows = sides.map(([name, { label, seconds }], row) => {
    const y = row * rowHeight + rowHeight / 2;
    const kind = ours.has(name) ? "ours" : "peer";
    const dots = seconds.values.map(
      (value) =>
        `<circle class="${kind}" cx="${x(value)}" cy="${y}" r="4" fill-opacity=".6"><title>${time(value)}</title></circle>`,
    );
    const bar = `<rect class="${kind}" x="${x(0)}" y="${y - 9}" width="${Math.max(0, x(seconds.median) - x(0))}" height="18" fill-opacity=".25" stroke="none"/>`;
    return `<text x="0" y="${y + 4}">${escaped(label)}</text>${bar}${dots.join("")}`;
  });
  return `<svg viewBox="0 0 ${plotWidth} ${bottom + 22}" role="img" aria-label="${escaped(result.title)}">${marks}${rows.join("")}</svg>`;
}

function claimLine(result, claim) {
  const { names, measured, target } = claimText(result, claim);
  const verdict = claim.met ? '<b class="good">reached</b>' : '<b class="bad">not reached</b>';
  return `<p>${escaped(names)}: <b>${measured}</b>, to reach ≤ ${target}: ${verdict}</p>`;
}

function section(result) {
  const head = `<h2 id="${result.name}">${escaped(result.title)}</h2><p class="soft">${escaped(result.how)}</p>`;
  if (result.error)
    return `<section>${head}<p class="bad">Failed</p><pre>${escaped(result.error)}</pre></section>`;
  const commands = Object.values(result.sides)
    .map(({ label, command }) => `<p>${escaped(label)}</p><pre>${escaped(command)}</pre>`)
    .join("");
  const claims = result.claims.map((claim) => claimLine(result, claim)).join("");
  return `<section>${head}${plot(result)}${claims}<details><summary>Commands</summary>${commands}</details></section>`;
}

function overview(figures) {
  const rows = figures.flatMap((result) =>
    result.claims.map((claim) => {
      const verdict = claim.met ? '<td class="good">reached</td>' : '<td class="bad">not reached</td>';
      const { names, median, target } = claimText(result, claim);
      const link = `<a href="#${result.name}">${result.name}</a>`;
      return `<tr><td>${link}</td><td>${escaped(names)}</td><td>${median}</td><td>≤ ${target}</td>${verdict}</tr>`;
    }),
  );
  const head = "<tr><th>figure</th><th>what</th><th>median</th><th>to reach</th><th></th></tr>";
  return `<section class="scroll"><table>${head}${rows.join("")}</table></section>`;
}

/**
 * @param {import("./report.mjs").Report} report
 * @returns {string} HTML
 */
export function page(report) {
  const machine = Object.entries({
    ...report.machine,
    "load before and after": `${report.load.before.toFixed(2)}, ${report.load.after.toFixed(2)}`,
  })
    .map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`)
    .join("");
  const about = `${report.started}; medians of ${report.runs} alternating runs, in parentheses the range. Ratios are taken round by round.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>nix-voyager: benchmark</title><style>${style}</style></head>
<body><h1>nix-voyager: benchmark</h1><p class="soft">${escaped(about)}</p>
${overview(report.figures)}
${report.figures.map(section).join("\n")}
<section class="scroll"><h2>Machine</h2><table>${machine}</table></section>
</body></html>
`;
}
