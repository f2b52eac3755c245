/** Tables that a script makes sortable; without it they are in the report's order. */
import { count } from "../../common/text.ts";
import { type Html, html } from "./html.ts";

export interface TableParts {
  caption: string;
  headings: string[];
  rows: Html[];
  /** Rows that were left out. */
  left?: number;
  /** Its name for style and tests. */
  id?: string;
}

/** A table in a region that scrolls by itself where the window is narrow. */
export function tableOf({ caption, headings, rows, left = 0, id = "" }: TableParts): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table class="sortable"${id === "" ? null : html` id="${id}"`}>
<caption>${caption}</caption>
<thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${rows}</tbody>
</table>
</div>
${left > 0 ? html`<p>And ${count(left, "more row")}, in <code>linkage.json</code>.</p>` : null}`;
}
