import { bigReport, reportFile, systemLibrary } from "../../../../testing/reports.ts";
import { groupFiles } from "./file-groups.ts";

const libc = systemLibrary("libc6");
const names = ["libssl3", "libffi8", "zlib1g", "libcurl4", "libxml2", "liblzma5"];

test("a few files have a box each", () => {
  const { groups, how } = groupFiles([reportFile("a/x.so", [libc]), reportFile("y.so", [libc])]);
  expect(groups.map(({ detail }) => detail)).toEqual(["a", "in the output"]);
  expect(how).toBeNull();
});

test("many files that need the same share a box", () => {
  const files = Array.from({ length: 60 }, (_unused, index) =>
    reportFile(`lib/part${index % 6}/m${index}.so`, [systemLibrary(names[index % 6] ?? ""), libc]),
  );
  const { groups, how } = groupFiles(files);
  expect(groups.map(({ files: list, detail }) => [list.length, detail])).toEqual(
    [0, 1, 2, 3, 4, 5].map((part) => [10, `lib/part${part}`]),
  );
  expect(how).toBe("60 files are drawn as 6 boxes: those that need the same libraries share one.");
});

test("where too many differ, a folder shares a box, with all that its files need", () => {
  const files = Array.from({ length: 60 }, (_unused, index) =>
    reportFile(`lib/part${index % 4}/m${index}.so`, [{ ...libc, soname: `lib${index}.so` }]),
  );
  const { groups, how } = groupFiles(files);
  expect(groups.map(({ detail, direct }) => [detail, direct.size])).toEqual(
    [0, 1, 2, 3].map((part) => [`lib/part${part}`, 15]),
  );
  expect(how).toContain("one for each folder");
});

test("there are never more boxes than a picture can hold, and no file is lost", () => {
  const { files } = bigReport(1000);
  const { groups, how } = groupFiles(files);
  expect(groups.length).toBeLessThanOrEqual(16);
  expect(new Set(groups.flatMap(({ files: list }) => list)).size).toBe(1001);
  expect(groups.at(-1)?.detail).toBe("all the rest");
  expect(how).toContain("1,001 files");
});
