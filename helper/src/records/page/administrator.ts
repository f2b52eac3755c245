/** What follows for those who run the system. */
import { familyOf } from "../family.ts";
import { copiedPackages } from "../verdict.ts";
import { type Html, html } from "./html.ts";
import type { PageContext } from "./libraries.ts";

/** A command with more names than this is not one that a person types. */
const mostNames = 20;

function command(text: string): Html {
  return html`<pre><code>${text}</code></pre>`;
}

/** How to patch, what must be built again, and how to see that a target has what is needed. */
export function administratorSection({ report }: PageContext): Html {
  const family = familyOf(report.system);
  const linked = report.packages.filter(({ relation }) => relation === "linked");
  const direct = linked.filter((one) => one.direct).map(({ name }) => name);
  const names = (direct.length > 0 ? direct : linked.map(({ name }) => name)).slice(0, mostNames);
  const copied = copiedPackages(report);
  const patch =
    family === null
      ? html`<p>Upgrade the packages of the <a href="#packages">table</a> with the system's package manager.</p>`
      : html`<p>Everything that the system has an upgrade for:</p>
${command(family.upgradeAll)}
<p>Only what this build needs directly${direct.length > mostNames ? `, the first ${mostNames} of it` : ""}:</p>
${command(family.upgradeOnly(names))}
<p>What is installed now, to compare with the least versions above:</p>
${command(family.ask(names))}`;
  const rebuild =
    copied.length === 0
      ? null
      : html`<li><strong>Build again</strong> when one of these is patched, as the build holds a copy: ${copied.slice(0, mostNames).map((name) => html`<code>${name}</code> `)}</li>`;
  if (linked.length === 0 && copied.length === 0) {
    return html`<section aria-labelledby="administrator">
<h2 id="administrator">What an administrator does</h2>
<p>Nothing: no package of the system is part of this build.</p>
</section>
`;
  }
  return html`<section aria-labelledby="administrator">
<h2 id="administrator">What an administrator does</h2>
<p>When a security advisory names a package of this page:</p>
<ol class="steps">
${
  linked.length === 0
    ? null
    : html`<li><strong>Upgrade</strong> on each machine, as root. Nothing in the Nix store is built again or downloaded.
${patch}</li>
<li><strong>Restart</strong> the programs that use it: a running one keeps the library that it has loaded.</li>`
}
${rebuild}
</ol>
</section>
`;
}
