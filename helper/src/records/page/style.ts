/** How the page looks: on screens light and dark, narrow and wide, and on paper. */

const light = `
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1a1f26; --muted: #56606c; --line: #d9dee4; --edge: #5b6b7d;
  --link: #0b4f8a; --good: #0f5c2b; --good-paper: #e8f5ec; --good-line: #a9d5b7;
  --bad: #9c1023; --bad-paper: #fdeeef; --bad-line: #edb6bc; --warn: #6f4700; --warn-paper: #fdf3dd;
  --file: #e9eff7; --library: #f1f0fa; --package: #e8f5ec;`;
const dark = `
  --paper: #101419; --panel: #181d24; --ink: #e7eaee; --muted: #a3aebb; --line: #303943; --edge: #8b9bad;
  --link: #82bdf7; --good: #7fd79a; --good-paper: #11261a; --good-line: #2b5a3c;
  --bad: #ff9aa3; --bad-paper: #2d1519; --bad-line: #6b2e36; --warn: #ecc06a; --warn-paper: #2b220f;
  --file: #1a2634; --library: #232138; --package: #14291c;`;

const base = `
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 2rem 4rem; }
h1, h2, h3 { line-height: 1.25; letter-spacing: -0.012em; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 2.4rem; font-weight: 680; margin: 0 0 1.5rem; }
h1 .version { color: var(--muted); font-weight: 400; }
h2 { font-size: 1.45rem; margin: 3.2rem 0 0.6rem; }
h3 { font-size: 1.02rem; margin: 0 0 0.6rem; letter-spacing: 0; }
p { margin: 0.6rem 0; max-width: 72ch; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code { font: 0.88em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; overflow-wrap: anywhere; unicode-bidi: isolate; direction: ltr; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.6rem 0.9rem; margin: 0.5rem 0 0.9rem; white-space: pre-wrap; max-width: 100%; }
small { display: block; color: var(--muted); font-size: 0.84em; font-weight: 400; overflow-wrap: anywhere; unicode-bidi: isolate; }
.light { color: var(--muted); }
.overline { text-transform: uppercase; letter-spacing: 0.09em; font-size: 0.78rem; font-weight: 650; color: var(--muted); margin: 0; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: 0.5rem 1rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
details { margin: 0.8rem 0; }
:target { background: var(--warn-paper); }
h2:target, main:target { background: none; }
footer { border-top: 1px solid var(--line); margin-top: 4rem; padding-top: 0.6rem; color: var(--muted); font-size: 0.88rem; }
.tag { display: inline-block; border-radius: 4px; padding: 0.05em 0.5em; font-size: 0.84em; font-weight: 600; background: var(--panel); color: var(--muted); overflow-wrap: anywhere; }
.tag.good { background: var(--good-paper); color: var(--good); }
.tag.bad { background: var(--bad-paper); color: var(--bad); }
.tag.warn { background: var(--warn-paper); color: var(--warn); }`;

const top = `
.verdict { display: grid; grid-template-columns: auto 1fr; gap: 1.2rem; padding: 1.5rem 1.7rem; border: 1px solid; border-radius: 10px; }
.verdict.pass { background: var(--good-paper); border-color: var(--good-line); --tone: var(--good); }
.verdict.fail { background: var(--bad-paper); border-color: var(--bad-line); --tone: var(--bad); }
.verdict h2 { margin: 0; font-size: 1.4rem; }
.verdict .word { display: block; color: var(--tone); text-transform: uppercase; letter-spacing: 0.08em; font-size: 0.8rem; margin-bottom: 0.2rem; }
.verdict p { margin: 0.35rem 0 0; font-size: 1.08rem; }
.verdict .tag.bad { background: none; border: 1px solid var(--bad-line); }
.mark { width: 2.7rem; height: 2.7rem; margin-top: 0.15rem; }
.mark circle { fill: var(--tone); }
.mark path { fill: none; stroke: var(--paper); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.named { margin: 0.9rem 0 0; padding-left: 1.1rem; }
.named li { margin: 0.2rem 0; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1.1rem 1.6rem; margin: 1.8rem 0; }
.facts dt { font-size: 0.8rem; color: var(--muted); }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.facts dd .light { font-weight: 400; display: block; font-size: 0.9rem; }
nav { border-block: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.6rem; list-style: none; margin: 0; padding: 0.6rem 0; }
.rule { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 6px; padding: 1rem 1.2rem 0.6rem; margin: 1rem 0; }
.rule ul { padding-left: 1.1rem; margin: 0.4rem 0; overflow-wrap: anywhere; }
.rule li { margin: 0.4rem 0; }
.rules div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: 0.2rem 0; }
.rules dd { margin: 0; }
.steps > li { margin: 0.9rem 0; padding-left: 0.3rem; }`;

const picture = `
figure { margin: 1rem 0; }
figcaption { font-size: 0.9rem; color: var(--muted); }
.scroll { overflow-x: auto; }
.picture { border: 1px solid var(--line); border-radius: 8px; padding: 1.1rem; }
.picture svg { display: block; margin: 0 auto; max-width: 100%; min-width: 44rem; height: auto; }
svg text { font: 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; fill: var(--ink); white-space: pre; }
svg .heading { font: 600 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; fill: var(--muted); }
svg .note { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; fill: var(--muted); }
svg .label { font-weight: 600; }
svg .detail { font-size: 10.2px; fill: var(--muted); }
.node rect { stroke: var(--edge); stroke-width: 1.4; }
.node.file rect { fill: var(--file); }
.node.library rect { fill: var(--library); }
.node.package rect { fill: var(--package); }
.node.light rect { fill: var(--paper); stroke-width: 1; stroke-dasharray: 4 3; }
.node.light .label { font-weight: 400; fill: var(--muted); }
.node.noted rect { fill: var(--warn-paper); stroke: var(--warn); }
.node.bad rect { fill: var(--bad-paper); stroke: var(--bad); }
.edge { fill: none; stroke: var(--edge); stroke-width: 1.7; }
.edge.light { stroke-width: 0.9; stroke-dasharray: 4 3; opacity: 0.65; }
.edge.noted { stroke: var(--warn); }
.edge.bad { stroke: var(--bad); }
.legend { max-width: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.6rem; }
.key::before { content: ""; display: inline-block; width: 1.9rem; border-top: 2px solid var(--edge); vertical-align: middle; margin-right: 0.5rem; }
.key.light::before { border-top: 1px dashed var(--edge); }
.key.noted::before { border-color: var(--warn); }
.key.bad::before { border-color: var(--bad); }
.tree ul { margin-bottom: 0.5rem; }`;

const tables = `
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: 0.4rem 0 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.55rem 0.9rem 0.55rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; min-width: 7.5rem; }
thead th { border-bottom: 2px solid var(--edge); white-space: nowrap; font-weight: 650; vertical-align: bottom; }
tbody th { font-weight: 600; }
tr.light th { font-weight: 400; }
tbody tr:hover { background: var(--panel); }
th button { all: unset; cursor: pointer; font: inherit; }
th button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
th button::after { content: "\\2195"; color: var(--muted); padding-left: 0.4em; font-weight: 400; }
th[aria-sort="ascending"] button::after { content: "\\2191"; color: var(--ink); }
th[aria-sort="descending"] button::after { content: "\\2193"; color: var(--ink); }
td ul { list-style: none; margin: 0; padding: 0; }
td li + li { margin-top: 0.35rem; }
td p { margin: 0.2rem 0 0; }
td details { margin: 0; }
td details ul { padding-top: 0.4rem; }
td dl { margin: 0; }
td dt { color: var(--muted); font-size: 0.84em; }
td dd { margin: 0 0 0.3rem; overflow-wrap: anywhere; }
#files-table th:first-child { width: 27%; }
#files-table td:nth-child(2) { width: 31%; }
#files-table td:nth-child(3) { width: 22%; }
.filter { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: baseline; margin: 0.8rem 0 0.2rem; }
.filter input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: 6px; padding: 0.25rem 0.6rem; width: 17rem; max-width: 60vw; }
.filter output { color: var(--muted); }`;

const media = `
@media (max-width: 46rem) {
  body { padding: 1.4rem 1rem 3rem; }
  h1 { font-size: 1.8rem; }
  .verdict { grid-template-columns: 1fr; padding: 1.1rem 1.2rem; gap: 0.6rem; }
  .verdict h2 { font-size: 1.2rem; }
  .rules div { grid-template-columns: 1fr; }
  #files-table { min-width: 46rem; }
  #packages-table { min-width: 40rem; }
}
@media print {
  :root { ${light} }
  html { font-size: 10.5pt; }
  body { max-width: none; padding: 0; }
  nav, .skip, .filter, th button::after { display: none; }
  .scroll { overflow: visible; }
  .picture svg { min-width: 0; }
  section { break-inside: auto; }
  h2, h3, caption { break-after: avoid; }
  tr, .rule, .verdict, figure { break-inside: avoid; }
  thead { display: table-header-group; }
  a { color: inherit; text-decoration: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
}`;

/** The page's style sheet. */
export const style = `
:root { color-scheme: light dark; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
${base}${top}${picture}${tables}${media}
`;
