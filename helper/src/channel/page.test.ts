import { built, hash, made, packageOf, specOf } from "../../testing/channels.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { hostileReport } from "../../testing/reports.ts";

const folder = temporaryFolders();

test("the page lists packages with links to their records, and cannot be broken by names", async () => {
  const path = built(folder(), `${hash("a")}-a`);
  const evil = hostileReport.system.name;
  const { read } = await made(
    folder(),
    specOf([packageOf("a", path, { name: evil, version: evil, meta: { description: evil } })], {
      binaryCacheUrl: "https://cache.example.org",
    }),
  );
  const page = read("index.html");
  expect(page).toContain(`href="records/${hash("a")}-a/nix-support/linkage.html"`);
  expect(page).toContain("https://cache.example.org");
  expect(page).not.toContain("<img");
  expect(page.match(/<script>/g)).toHaveLength(1);
});
