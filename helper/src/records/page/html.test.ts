import { escapeText, Html, html, withCode } from "./html.ts";

test("what is put into markup stays text", () => {
  expect(html`<p title="${`"'<&>`}">${"</p><script>"}</p>`.markup).toBe(
    '<p title="&quot;&#39;&lt;&amp;&gt;">&lt;/p&gt;&lt;script&gt;</p>',
  );
});

test("markup in markup is kept, nothing is nothing, lists are joined", () => {
  expect(html`<ul>${[1, 2].map((one) => html`<li>${one}</li>`)}${null}</ul>`.markup).toBe(
    "<ul><li>1</li><li>2</li></ul>",
  );
  expect(html`${new Html("<b>")}${["<", [">"]]}`.markup).toBe("<b>&lt;&gt;");
});

test("controls are seen, not obeyed", () => {
  expect(escapeText("a\nb\u202ec\u0000")).toBe("a\\nb\\u{202e}c\\u{0}");
});

test("what is between backticks is code", () => {
  expect(withCode("`a <b>` patches it").markup).toBe("<code>a &lt;b&gt;</code> patches it");
});
