import { bcryptReport, bigReport, failingReport, hostileReport, report } from "../../../testing/reports.ts";
import { remedies } from "../../linkage/remedies.ts";
import { escapeText } from "./html.ts";
import { renderPage } from "./page.ts";

const details = { name: "bcrypt", version: "3.2.2", outputs: ["out"] };

test("the auditor's answer comes first", () => {
  const page = renderPage(bcryptReport, details);
  expect(page).toContain("Every library that this build needs is the system&#39;s own.");
  expect(page).toContain("<code>apt upgrade</code> patches it.");
  expect(page).toContain("Debian GNU/Linux 12 (bookworm)");
  expect(page).toContain("apt update &amp;&amp; apt install --only-upgrade libc6 libffi8");
});

test("a page of failures names each problem with its remedy, and each exception with its reason", () => {
  const page = renderPage(failingReport, { ...details, outputs: ["out", "dev"] });
  for (const { rule, soname } of failingReport.problems) {
    expect(page).toContain(`<span class="tag bad">${rule}</span>`);
    if (soname !== null) expect(page).toContain(soname);
    expect(page).toContain(escapeText(remedies[rule].slice(1, 30)));
  }
  expect(page).toContain("security reviews it each quarter (SEC-1182).");
  expect(page).toContain("<strong>Build again</strong>");
  expect(page).toContain("out, dev");
});

test("another family has its own commands, an unknown one none that is wrong", () => {
  const on = (osRelease: Record<string, string>) =>
    renderPage({ ...bcryptReport, system: { ...bcryptReport.system, osRelease } }, details);
  expect(on({ ID: "rocky", ID_LIKE: "rhel centos fedora" })).toContain(
    "<code>dnf upgrade</code> patches it.",
  );
  expect(on({ ID: "rocky", ID_LIKE: "rhel centos fedora" })).not.toMatch(/\bapt\b/);
  expect(on({ ID: "other" })).toContain("An upgrade of the system patches it.");
  expect(on({ ID: "other" })).not.toMatch(/apt |dnf /);
});

test("a build without compiled files has a page too", () => {
  const page = renderPage(report([], []), { ...details, version: null });
  expect(page).toContain("This build has no compiled files.");
  expect(page).not.toContain('href="#files"');
});

test("no name becomes markup, an attribute or a control", () => {
  const page = renderPage(hostileReport, {
    name: hostileReport.system.name,
    version: null,
    outputs: ["<b>"],
  });
  expect(page.match(/<script>/g)).toHaveLength(1);
  expect(page.match(/<\/script>/g)).toHaveLength(1);
  expect(page).not.toMatch(/<img|<svg onload|onerror="|<\/title><\/style>/);
  expect(page).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(page).toContain("\\u{202e}gnp.so");
});

test("the same report is the same page, and nothing in it depends on when or where", () => {
  const page = renderPage(failingReport, details);
  expect(renderPage(structuredClone(failingReport), details)).toBe(page);
  const stored = JSON.stringify(failingReport);
  for (const [path] of page.matchAll(/\/nix\/store\/[a-z0-9]{32}/g)) expect(stored).toContain(path);
});

test("every id is there once, and every link within the page leads to one", () => {
  for (const one of [bcryptReport, failingReport, bigReport(300)]) {
    const page = renderPage(one, details);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    for (const [, target] of page.matchAll(/href="([^"]*)"/g)) expect(ids).toContain(target?.slice(1));
    expect(page).not.toMatch(/(src|href)="[^#]/);
  }
});

test("a thousand files make a page that is small, and soon made", () => {
  const big = bigReport(1000);
  renderPage(bcryptReport, details);
  const start = performance.now();
  const page = renderPage(big, details);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(page.length).toBeLessThan(2_000_000);
  expect(page.match(/<tr id="f/g)).toHaveLength(1001);
});

test("a file with needs beyond all measure is bounded", () => {
  const [file] = bcryptReport.files;
  if (!file?.needed[0]) throw new Error("no file");
  const [one] = file.needed;
  const needed = Array.from({ length: 100_000 }, (_unused, index) => ({ ...one, soname: `lib${index}.so` }));
  const page = renderPage({ ...bcryptReport, files: [{ ...file, needed, closure: needed }] }, details);
  expect(page.length).toBeLessThan(500_000);
  expect(page).toContain("and 99700 more, in <code>linkage.json</code>");
});
