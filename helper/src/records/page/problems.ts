/** Problems by rule with their remedies, and what was allowed for which reason. */
import { count, prose } from "../../common/text.ts";
import { withoutFile } from "../../linkage/problem-text.ts";
import { allowance, remedies } from "../../linkage/remedies.ts";
import { type Problem, type Report, type Rule, rules } from "../../linkage/report.ts";
import { type Html, html, withCode } from "./html.ts";
import { tableOf } from "./tables.ts";

/** More are counted: only a hostile build has them. */
const mostProblems = 500;

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function ruleBlock(rule: Rule, problems: Problem[]): Html {
  const [example] = problems;
  return html`<article class="rule">
<h3><span class="tag bad">${rule}</span> A file ${rules[rule]}</h3>
<ul>${problems.map((one) => html`<li><code>${one.file}</code>: ${withoutFile(one)}</li>`)}</ul>
<p><strong>What to do.</strong> ${withCode(capital(remedies[rule]))}.</p>
${example ? html`<p>As the last resort, with a reason that this page then shows:</p><pre><code>${allowance(example)}</code></pre>` : null}
</article>
`;
}

function allowedTable({ allowed }: Report): Html | null {
  if (allowed.length === 0) return null;
  const rows = allowed.slice(0, mostProblems).map(
    ({ file, soname, rule, reason, message }) => html`<tr><th scope="row"><code>${file}</code></th>
<td><code>${soname ?? "-"}</code></td><td><span class="tag warn">${rule}</span><p>${withoutFile({ file, message })}</p></td><td>${prose(reason)}</td></tr>
`,
  );
  return tableOf({
    caption: "Exceptions, each allowed by the declaration of the package",
    headings: ["File", "Library", "Rule", "Why it is allowed"],
    rows,
    left: allowed.length - rows.length,
  });
}

/** Always there, as that there is nothing is an answer too. */
export function problemsSection(report: Report): Html {
  const { problems, allowed } = report;
  const shown = problems.slice(0, mostProblems);
  const byRule = new Map<Rule, Problem[]>();
  for (const problem of shown) byRule.set(problem.rule, [...(byRule.get(problem.rule) ?? []), problem]);
  const rest = problems.length - shown.length;
  return html`<section aria-labelledby="problems">
<h2 id="problems">Problems and exceptions</h2>
${problems.length === 0 ? html`<p>No rule of linkage is broken${allowed.length === 0 ? ", and no exception was made" : ""}.</p>` : html`<p>${count(problems.length, "problem")}, by the rule that is broken.</p>`}
${[...byRule].map(([rule, one]) => ruleBlock(rule, one))}${rest > 0 ? html`<p>And ${count(rest, "more problem")}, in <code>linkage.json</code>.</p>` : null}
${allowedTable(report)}
<details><summary>The rules that were checked</summary>
<dl class="rules">${Object.entries(rules).map(([name, meaning]) => html`<div><dt><code>${name}</code></dt><dd>No file ${meaning}.</dd></div>`)}</dl>
</details>
</section>
`;
}
