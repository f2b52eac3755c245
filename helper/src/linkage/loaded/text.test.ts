import type { Loaded, LoadedLibrary } from "./loaded.ts";
import { loadedText, summarize, unreportedTable } from "./text.ts";

const library = (path: string, status: LoadedLibrary["status"]): LoadedLibrary => {
  const owner = { package: "libx1", version: "1.0", source: "x" };
  return { path, status, ...owner, how: "open", openedFor: null, programs: ["/usr/bin/a", "/usr/bin/b"] };
};
const loaded = (libraries: LoadedLibrary[], reports = 1): Loaded => ({
  schema: "voyager-loaded/1",
  system: "debian12",
  packages: ["hello-1"],
  reports,
  programs: ["/usr/bin/a", "/usr/bin/b"],
  libraries,
});

test("the table has what is not reported, and who loaded it", () => {
  const table = unreportedTable(
    loaded([library("/usr/lib/x.so", "unreported"), library("/y.so", "reported")]),
  );
  expect(table).toBe(
    "library        package    loaded  by\n/usr/lib/x.so  libx1 1.0  opened  /usr/bin/a /usr/bin/b\n",
  );
  expect(unreportedTable(loaded([library("/y.so", "reported")]))).toBe("");
});

test("all of it: the summary, each kind that there is, the programs", () => {
  const text = loadedText(loaded([library("/x.so", "unreported"), library("/y.so", "system")], 0));
  expect(text).toContain("What the test of hello-1 loaded on debian12");
  expect(text).toContain("2 programs loaded 2 libraries: 1 the system's own, 1 not reported");
  expect(text).toContain("There was no linkage report to compare with.");
  expect(text.indexOf("/x.so")).toBeLessThan(text.indexOf("/y.so"));
  expect(text).not.toContain("of the package\n");
});

test("one of each is not many", () => {
  expect(summarize({ ...loaded([library("/x.so", "reported")]), programs: ["/a"] })).toBe(
    "1 program loaded 1 library: 1 reported",
  );
});
