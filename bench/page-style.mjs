/** The look of the report: light or dark as the reader has it, blue for ours and grey for peers. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2128; --soft: #57606a; --line: #d8dee4; --back: #fff; --card: #f6f8fa;
  --ours: #0b5cd5; --peer: #6e7781; --good: #116329; --bad: #a33c00; --limit: #a33c00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4b0; --line: #343b44; --back: #0d1117;
  --card: #161b22; --ours: #6cb0ff; --peer: #9aa4b0; --good: #4ac26b; --bad: #ff9a57; --limit: #ff9a57; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); margin: 0; }
main { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 0 0 .25rem; } h3 { font-size: .9rem; margin: .75rem 0 .25rem; }
h2 a { color: inherit; text-decoration: none; } h2 a:hover { text-decoration: underline; }
a { color: var(--ours); }
p { margin: .25rem 0; } figure { margin: .75rem 0 0; } figcaption { font-size: .85rem; color: var(--soft); }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
.verdict { white-space: nowrap; font-weight: 600; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } tr:last-child > * { border-bottom: 0; }
.overview td:nth-child(1), .overview td:nth-child(3), .overview td:nth-child(4) { white-space: nowrap; }
.claims { list-style: none; margin: .5rem 0; padding: 0; }
svg { width: 100%; min-width: 36rem; height: auto; display: block; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg text.soft { fill: var(--soft); font-size: 12px; }
svg text.number { font-weight: 600; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--line); }
.ours { --kind: var(--ours); } .peer { --kind: var(--peer); }
svg .bar { fill: var(--kind); fill-opacity: .16; } svg circle { fill: var(--kind); fill-opacity: .75; }
svg .range { stroke: var(--kind); stroke-width: 1.5; } svg .median { stroke: var(--kind); stroke-width: 3; }
svg .limit { stroke: var(--limit); stroke-width: 2; stroke-dasharray: 4 3; }
svg.gauge { width: 7rem; min-width: 7rem; height: 1rem; margin-top: .25rem; }
.gauge .track { fill: var(--line); } .gauge rect.good { fill: var(--good); } .gauge rect.bad { fill: var(--bad); }
.gauge .limit { stroke: var(--ink); stroke-dasharray: none; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem; font-size: .85rem; }
.legend svg { width: 20px; min-width: 20px; height: 14px; margin-left: .75rem; }
pre { overflow-x: auto; font-size: 12px; background: var(--back); padding: .5rem; border: 1px solid var(--line);
  border-radius: 4px; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--soft); }
@media print { section { break-inside: avoid; } }
`;
