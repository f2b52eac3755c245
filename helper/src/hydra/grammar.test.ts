import { metricLine, parseMetric, parseProduct, releaseName } from "./grammar.ts";

test.each([
  ['file wheel "/nix/store/x/a b.whl"', { type: "file", subtype: "wheel", path: "/nix/store/x/a b.whl" }],
  ["doc-pdf manual\t/x/manual.pdf", { type: "doc-pdf", subtype: "manual", path: "/x/manual.pdf" }],
  ["channel - /x/nixexprs.tar.xz", { type: "channel", subtype: "-", path: "/x/nixexprs.tar.xz" }],
  ["report coverage /x/coverage index.html", { path: "/x/coverage", entry: "index.html" }],
])("%s is a product", (line, product) => {
  expect(parseProduct(line)).toMatchObject(product);
});

test.each([
  "file wheel",
  "file wheel relative",
  'file wheel "/x',
  "file wheel /x/a b c",
  "file whe/el /x",
  " file wheel /x",
  "file wheel /x<y",
  'file wheel ""',
])("Hydra would pass over %p", (line) => {
  expect(parseProduct(line)).toBeNull();
});

test.each([
  ["output.size 1234 bytes", { name: "output.size", value: 1234, unit: "bytes" }],
  ["coverage 98.5 %", { name: "coverage", value: 98.5, unit: "%" }],
  ["files  7", { name: "files", value: 7, unit: null }],
])("%s is a metric", (line, metric) => {
  expect(parseMetric(line)).toEqual(metric);
  expect(parseMetric(metricLine(metric))).toEqual(metric);
});

test.each(["size", "size many bytes", "si/ze 1", "size 1 by/tes", "size 1 of bytes", "size 1e999"])(
  "Hydra would not read all of %p",
  (line) => expect(parseMetric(line)).toBeNull(),
);

test("a release's name", () => {
  expect(releaseName("hello-1.0+dfsg?")).toBe("hello-1.0-dfsg-");
  expect(releaseName("bcrypt-3.2.2")).toBe("bcrypt-3.2.2");
});
