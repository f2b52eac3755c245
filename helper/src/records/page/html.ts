/** HTML that cannot be broken by what is put into it. */
import { visible } from "../../common/text.ts";

/** Markup. All else that gets into a page is text. */
export class Html {
  constructor(readonly markup: string) {}
}

/** What a template takes: text (also numbers) is escaped, markup is not, null is nothing. */
export type Part = Html | string | number | null | readonly Part[];

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in an element or a quoted attribute; controls are written out (see visible). */
export function escapeText(text: string): string {
  return visible(text).replace(/[&<>"']/g, (one) => entities[one] ?? "");
}

function markupOf(part: Part): string {
  if (part === null) return "";
  if (part instanceof Html) return part.markup;
  if (typeof part === "string") return escapeText(part);
  if (typeof part === "number") return String(part);
  return part.map(markupOf).join("");
}

/** Markup with values; attributes must be written in double quotes. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  let markup = strings[0] ?? "";
  for (const [index, value] of values.entries()) markup += markupOf(value) + (strings[index + 1] ?? "");
  return new Html(markup);
}

/** A sentence of ours: what is between backticks is code. */
export function withCode(text: string): Html {
  const parts = text.split("`");
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}
