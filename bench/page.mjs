/** The report as one self-contained page. */
import { claimText, show, spread, times } from "./format.mjs";
import { escaped } from "./html.mjs";
import { style } from "./page-style.mjs";
import { plot } from "./plot.mjs";

const verdicts = {
  true: '<span class="verdict good">✓ reached</span>',
  false: '<span class="verdict bad">✗ not reached</span>',
};

/** What the claims promise of a side, in the unit of a measure: a ratio, of its peer's median. */
function limits(result, side, measure) {
  return result.claims
    .filter(({ ours, of }) => ours === side && of === measure)
    .map(({ kind, peer, target }) => {
      if (kind === "value") return target;
      const { median } = result.sides[peer].measures[measure];
      return kind === "ratio" ? target * median : target + median;
    });
}

/** One plot for each measure. */
function plots(result) {
  const sides = Object.entries(result.sides);
  return Object.entries(result.measures)
    .map(([name, { label, unit }]) => {
      const rows = sides
        .filter(([, { measures }]) => measures[name])
        .map(([side, { label, ours, measures }]) => {
          return { label, ours, values: measures[name], limits: limits(result, side, name) };
        });
      if (rows.length === 0) return "";
      const caption = name === "seconds" ? "" : `<figcaption>${escaped(label)}</figcaption>`;
      const title = `${result.title}: ${label}`;
      return `<figure>${caption}<div class="scroll">${plot({ title, unit, rows })}</div></figure>`;
    })
    .join("");
}

function claimLine(result, claim) {
  const { names, measured, target } = claimText(result, claim);
  return `<li>${verdicts[claim.met]} ${escaped(names)}: <b>${measured}</b>, to reach ≤ ${target}</li>`;
}

/** Every run of every side: what the plot shows, for those who cannot see it. */
function valuesTable(result) {
  const rows = Object.values(result.sides).flatMap(({ label, measures }) =>
    Object.entries(measures).map(([name, values]) => {
      const { label: what, unit } = result.measures[name];
      const cells = [spread(values, show[unit]), values.values.map(show[unit]).join(", ")];
      const head = name === "seconds" ? label : `${label}, ${what}`;
      return `<tr><th scope="row">${escaped(head)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    }),
  );
  const head =
    '<tr><th scope="col">side</th><th scope="col">median (range)</th><th scope="col">runs</th></tr>';
  return `<div class="scroll"><table>${head}${rows.join("")}</table></div>`;
}

function section(result) {
  const head = `<h2 id="${result.name}"><a href="#${result.name}">${escaped(result.title)}</a></h2><p class="soft">${escaped(result.how)}</p>`;
  if (result.error) {
    return `<section>${head}<p class="bad">✗ could not be measured</p><pre>${escaped(result.error)}</pre></section>`;
  }
  const commands = Object.values(result.sides)
    .map(({ label, command }) => `<h3>${escaped(label)}</h3><pre>${escaped(command)}</pre>`)
    .join("");
  const claims = result.claims.map((claim) => claimLine(result, claim)).join("");
  const more = `<details><summary>Runs and commands</summary>${valuesTable(result)}${commands}</details>`;
  return `<section>${head}${plots(result)}<ul class="claims">${claims}</ul>${more}</section>`;
}

/** The median as a part of what was promised; what was promised is always at the same place. */
function gauge({ measured, target, met }) {
  const promised = 60;
  const end = Math.min(100, Math.max(0, (measured.median / target) * promised));
  const text = `${times(measured.median / target)} of what was promised`;
  return (
    `<svg class="gauge" viewBox="0 0 100 14" role="img" aria-label="${text}"><title>${text}</title>` +
    `<rect class="track" width="100" height="14" rx="2"/><rect class="${met ? "good" : "bad"}" width="${end.toFixed(1)}" height="14" rx="2"/>` +
    `<line class="limit" x1="${promised}" x2="${promised}" y1="0" y2="14"/></svg>`
  );
}

function overviewRow(result, claim, isFirst) {
  const { names, measured, target } = claimText(result, claim);
  const figure = isFirst ? `<a href="#${result.name}">${result.name}</a>` : "";
  const cells = [figure, escaped(names), `<span class="number">${measured}</span>`, `≤ ${target}`];
  const shown = cells.map((cell) => `<td>${cell}</td>`).join("");
  return `<tr>${shown}<td>${gauge(claim)}</td><td>${verdicts[claim.met]}</td></tr>`;
}

function overview(figures) {
  const rows = figures.flatMap((result) =>
    result.error
      ? [
          `<tr><td><a href="#${result.name}">${result.name}</a></td><td colspan="4">${escaped(result.title)}</td><td><span class="verdict bad">✗ not measured</span></td></tr>`,
        ]
      : result.claims.map((claim, i) => overviewRow(result, claim, i === 0)),
  );
  const titles = ["figure", "what", "median (range)", "to reach", "of what was promised", ""];
  const head = `<tr>${titles.map((title) => `<th scope="col">${title}</th>`).join("")}</tr>`;
  const claims = figures.flatMap((result) => result.claims);
  const failed = figures.filter(({ error }) => error).length;
  const sum = `${claims.filter(({ met }) => met).length} of ${claims.length} promises reached${failed > 0 ? `; ${failed} figures could not be measured` : ""}.`;
  return `<section><p><b>${sum}</b></p><div class="scroll"><table class="overview">${head}${rows.join("")}</table></div></section>`;
}

const legend = `<p class="legend soft"><svg viewBox="0 0 20 14" aria-hidden="true" class="ours"><circle cx="10" cy="7" r="3.5"/></svg>a run of ours
<svg viewBox="0 0 20 14" aria-hidden="true" class="peer"><circle cx="10" cy="7" r="3.5"/></svg>of a peer
<svg viewBox="0 0 20 14" aria-hidden="true" class="peer"><line class="median" x1="10" x2="10" y1="0" y2="14"/></svg>median
<svg viewBox="0 0 20 14" aria-hidden="true"><line class="limit" x1="10" x2="10" y1="0" y2="14"/></svg>promised at most</p>`;

function pairs(values) {
  const rows = Object.entries(values).map(
    ([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return `<div class="scroll"><table>${rows.join("")}</table></div>`;
}

/**
 * @param {import("./report.mjs").Report} report
 * @returns {string} HTML
 */
export function page(report) {
  const minutes = (report.took / 60).toFixed(1);
  const load = `${report.load.before.toFixed(2)}, ${report.load.after.toFixed(2)}`;
  const machine = {
    ...report.machine,
    "load before and after": load,
    "the benchmark took": `${minutes} minutes`,
  };
  const about = `Begun ${report.started.replace("T", " ").slice(0, 16)} UTC. Medians of ${report.runs} alternating runs, in parentheses the range; ratios are taken round by round.`;
  const where = `${report.machine.processor}, ${report.machine.memory}, ${report.machine.system}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>nix-voyager: benchmark</title><style>${style}</style></head>
<body><main><h1>nix-voyager: benchmark</h1><p class="soft">${escaped(about)}<br>${escaped(where)}</p>
${overview(report.figures)}
${legend}
${report.figures.map(section).join("\n")}
<section><h2>Machine</h2>${pairs(machine)}</section>
<section><h2>Versions of what was compared with</h2>${pairs(report.tools)}</section>
</main></body></html>
`;
}
