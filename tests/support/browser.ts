/** A real browser, without a screen, for pages that must not reach beyond themselves. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome"];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of the machine's Chromium. */
function chromiumPath(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
  if (found === undefined) {
    throw new Error(
      `there is no browser to look at the page with: none of ${names.join(", ")} is on PATH.\n` +
        "  remedy: ./setup/test installs it, or `apt install chromium`",
    );
  }
  return found;
}

/** Starts the browser. The sandbox of its own does not work for root, and it sees only our pages. */
export function startBrowser(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  return chromium.launch({ executablePath: chromiumPath(), args });
}

/** A page and what it did that a good page does not. */
export interface Watched {
  page: Page;
  /** Addresses that were asked for, but for the page's own; each was refused. */
  requests: string[];
  /** Messages on the console (also what the page's policy forbade) and errors of scripts. */
  complaints: string[];
}

/** Opens a file in a context of its own. */
export async function openFile(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const address = pathToFileURL(path).href;
  const requests: string[] = [];
  const complaints: string[] = [];
  await context.route("**/*", async (route) => {
    if (route.request().url() === address) return route.continue();
    requests.push(route.request().url());
    return route.abort();
  });
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  return { page, requests, complaints };
}
