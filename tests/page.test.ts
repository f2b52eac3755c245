/** linkage.html in a real browser, as an auditor opens it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Report } from "../helper/src/linkage/report.ts";
import { renderPage } from "../helper/src/records/page/page.ts";
import { bcryptReport, bigReport, failingReport, hostileReport } from "../helper/testing/reports.ts";
import { buildAttribute } from "./support/nix.ts";
import { openFile, startBrowser, type Watched } from "./support/browser.ts";

let browser: Browser;
let folder: string;
const opened: Watched[] = [];

/** Opens a page; at the end, all that were opened must have been quiet. */
async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const watched = await openFile(browser, path, options);
  opened.push(watched);
  return watched.page;
}

/** Writes the page of a report. Resolves with its path. */
async function pageOf(report: Report): Promise<string> {
  const path = join(mkdtempSync(join(folder, "page-")), "linkage.html");
  const name = report === hostileReport ? report.system.name : "example";
  writeFileSync(path, renderPage(report, { name, version: "1.0", outputs: ["out"] }));
  return path;
}

/** Pages that every test looks at, by name: what makes one resolves with its path. */
const pages: [name: string, make: () => Promise<string>][] = [
  [
    "the page of a real build",
    async () => join(await buildAttribute("bcryptWheel"), "nix-support/linkage.html"),
  ],
  ["a report that passes", () => pageOf(bcryptReport)],
  ["a report that fails", () => pageOf(failingReport)],
  ["a thousand files", () => pageOf(bigReport(1000))],
  ["hostile names", () => pageOf(hostileReport)],
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "voyager-page-"));
  browser = await startBrowser();
});
afterEach(async () => {
  for (const { page, requests, complaints } of opened.splice(0)) {
    await page.context().close();
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
  }
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Texts of a column's cells, from top to bottom. */
function column(page: Page, table: string, number: number): Promise<string[]> {
  return page.locator(`${table} tbody tr > :nth-child(${number}) code:first-child`).allTextContents();
}

const compare = new Intl.Collator("en", { numeric: true }).compare;

describe.each(pages)("%s", (_name, make) => {
  let path: string;
  beforeAll(async () => {
    path = await make();
  });

  test.each([true, false])("can be read, graph and all, with scripts: %s", async (javaScriptEnabled) => {
    const page = await open(path, { javaScriptEnabled });
    for (const kind of ["file", "library", "package"]) {
      const node = page.locator(`svg .node.${kind}`).first();
      expect(await node.isVisible()).toBe(true);
      expect((await node.locator("rect").boundingBox())?.width).toBeGreaterThan(40);
      expect(await node.locator("text").first().textContent()).not.toBe("");
    }
    expect(await page.locator("svg .edge").count()).toBeGreaterThan(1);
    expect(await page.locator("#packages-table tbody tr").first().isVisible()).toBe(true);
    expect(await page.locator("#files-table tbody tr").first().isVisible()).toBe(true);
    expect(await page.locator("h1, #verdict, caption").allTextContents()).not.toContain("");
    // A control that does nothing without scripts is not there without them.
    expect((await page.locator("button, input").count()) > 0).toBe(javaScriptEnabled);
  });

  test("closures open without scripts", async () => {
    const page = await open(path, { javaScriptEnabled: false });
    const details = page.locator("#files-table details").first();
    expect(await details.locator("li").first().isVisible()).toBe(false);
    await details.locator("summary").click();
    expect(await details.locator("li").first().isVisible()).toBe(true);
  });

  test("a narrow window scrolls tables and picture, never the page", async () => {
    const page = await open(path, { viewport: { width: 360, height: 700 } });
    // Run in the page, of whose things TypeScript knows nothing here.
    const excess = await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(excess).toBeLessThanOrEqual(0);
  });

  test("light and dark are two, both with contrast", async () => {
    const colours: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(path, { colorScheme });
      colours.push(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"));
      expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);
    }
    expect(colours[0]).not.toBe(colours[1]);
  });
});

/** The least contrast (WCAG 2.2, 1.4.3) of any text of the page with what is painted behind it. */
function lowestContrast(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const paper = (element) => {
      const box = element.closest(".node")?.querySelector("rect");
      if (box) return parse(getComputedStyle(box).fill);
      for (let one = element; one; one = one.parentElement) {
        const colour = parse(getComputedStyle(one).backgroundColor);
        if (colour[3] !== 0) return colour;
      }
      return parse(getComputedStyle(document.documentElement).backgroundColor);
    };
    let least = 21;
    const elements = [...document.querySelectorAll("body *")].slice(0, 3000);
    for (const element of elements) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || element.matches("script, title, desc")) continue;
      const style = getComputedStyle(element);
      const ink = luminance(parse(element.matches("svg text") ? style.fill : style.color));
      const behind = luminance(paper(element));
      least = Math.min(least, (Math.max(ink, behind) + 0.05) / (Math.min(ink, behind) + 0.05));
    }
    return least;
  })()`);
}

test("tables sort by click, and back", async () => {
  const page = await open(await pageOf(failingReport));
  const head = page.locator("#packages-table th", { hasText: "Version" }).first();
  const before = await column(page, "#packages-table", 2);
  const sorted = before.toSorted(compare);
  expect(before).not.toEqual(sorted);
  await head.locator("button").click();
  expect(await head.getAttribute("aria-sort")).toBe("ascending");
  expect(await column(page, "#packages-table", 2)).toEqual(sorted);
  await head.locator("button").click();
  expect(await head.getAttribute("aria-sort")).toBe("descending");
  expect(await column(page, "#packages-table", 2)).toEqual(sorted.toReversed());
});

test("tables sort by keyboard, one column at a time", async () => {
  const page = await open(await pageOf(failingReport));
  const buttons = page.locator("#files-table thead button");
  await buttons.nth(0).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  const names = await column(page, "#files-table", 1);
  expect(names).toEqual(names.toSorted(compare).toReversed());
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  const needs = page.locator("#files-table tbody tr > :nth-child(2)");
  const numbers = (
    await needs.evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-sort")))
  ).map(Number);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(await page.locator("#files-table [aria-sort]").count()).toBe(1);
});

test("the filter leaves the rows that hold all words, and says how many", async () => {
  const page = await open(await pageOf(failingReport));
  const filter = page.locator(".filter", { has: page.locator("input") }).last();
  await filter.locator("input").fill("PLUGIN libcurl4");
  const shown = page.locator("#files-table tbody tr:visible");
  expect(await shown.count()).toBe(1);
  expect(await shown.textContent()).toContain("lib/app/plugin.so");
  expect(await filter.locator("output").textContent()).toBe("1 of 8 rows");
});

test("names that hold markup are text, and run nothing", async () => {
  const page = await open(await pageOf(hostileReport));
  expect(await page.evaluate("window.hurt ?? null")).toBeNull();
  expect(await page.locator("img, iframe, object, link, base, form").count()).toBe(0);
  expect(await page.locator("script").count()).toBe(1);
  expect(await page.locator("#files-table tbody th code").textContent()).toContain(
    '<img src=x onerror="window.hurt=1">',
  );
});

test("the page's own policy stops what a name might have smuggled in", async () => {
  const watched = await openFile(browser, await pageOf(bcryptReport));
  await watched.page.evaluate(`
    document.body.insertAdjacentHTML("beforeend", '<img src="https://example.org/x.png" onerror="window.hurt=1">');
    fetch("https://example.org/").catch(() => {});
  `);
  await watched.page.waitForTimeout(200);
  expect(watched.requests).toEqual([]);
  expect(watched.complaints.join("\n")).toContain("Content Security Policy");
  expect(await watched.page.evaluate("window.hurt ?? null")).toBeNull();
  await watched.page.context().close();
});

test("the picture has a name and a description, tables have captions, and headings are in order", async () => {
  const page = await open(await pageOf(failingReport));
  const picture = page.getByRole("img", { name: "Files, libraries and packages" });
  expect(await picture.count()).toBe(1);
  expect(await picture.locator("desc").textContent()).toContain("8 files of this build");
  expect(await page.locator("table:not(:has(caption))").count()).toBe(0);
  expect(await page.locator("main, nav, header, footer").count()).toBe(4);
  const levels = await page
    .locator("h1, h2, h3")
    .evaluateAll((all) => all.map((one) => Number(one.nodeName.slice(1))));
  expect(levels[0]).toBe(1);
  for (const [index, level] of levels.entries()) {
    if (index > 0) expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
  }
});
