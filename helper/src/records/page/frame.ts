/** What pages have in common: one file that loads nothing, needs no scripts to be read, and can be archived. */
import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const sourceOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing may be loaded or run but what is in the page itself. */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    `script-src ${sourceOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

export interface PageParts {
  title: string;
  /** Text of the link that leads past what comes first. */
  skip: string;
  content: Html;
  /** What the page was made from. */
  madeFrom: Html;
}

/** A whole page. */
export function pageOf({ title, skip, content, madeFrom }: PageParts): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy())}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#main">${skip}</a>
<main id="main">
${content}</main>
<footer><p>Made by nix-voyager from ${madeFrom}. This page loads nothing from anywhere and can be read without scripts.</p></footer>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return page.markup;
}
