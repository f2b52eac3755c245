import {
  bcryptReport,
  bigReport,
  failingReport,
  report,
  reportFile,
  systemLibrary,
} from "../../../../testing/reports.ts";
import { pageContext } from "../libraries.ts";
import { graphOf } from "./model.ts";

const draw = (one: Parameters<typeof pageContext>[0]) => graphOf(pageContext(one));

test("files lead to libraries, and these to packages; what comes along is light", () => {
  const { nodes, edges, grouped } = draw(bcryptReport);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const words = edges.map(({ from, to, light }) => [byId.get(from)?.label, byId.get(to)?.label, light]);
  expect(words).toEqual([
    ["_bcrypt.abi3.so", "libc.so.6", false],
    ["_bcrypt.abi3.so", "libffi.so.8", false],
    ["_bcrypt.abi3.so", "libgcc_s.so.1", true],
    ["libc.so.6", "libc6", false],
    ["libffi.so.8", "libffi8", false],
    ["libgcc_s.so.1", "libgcc-s1", true],
  ]);
  expect(byId.get("library2")?.light).toBe(true);
  expect(grouped).toEqual([]);
});

test("what breaks a rule, and what is allowed to, is told from the rest", () => {
  const tones = new Map(draw(failingReport).nodes.map(({ label, tone }) => [label, tone]));
  expect(tones.get("libgone.so.4")).toBe("bad");
  expect(tones.get("liblzma.a")).toBe("bad");
  expect(tones.get("libsqlite3.a")).toBe("noted");
  expect(tones.get("libssl.so.3")).toBe("good");
  expect(tones.get("(not found)")).toBe("bad");
  expect(tones.get("app")).toBe("good");
});

test("a copy of a system's library leads to the package that it is a copy of", () => {
  const { nodes, edges } = draw(failingReport);
  const id = (label: string) => nodes.find((node) => node.label === label && node.column !== "file")?.id;
  const lead = edges.some(({ from, to }) => from === id("libz-8c6f.so.1.2.13") && to === id("zlib1g"));
  expect(lead).toBe(true);
});

test("hundreds of libraries and packages still make a picture, which says so", () => {
  const libraries = Array.from({ length: 400 }, (_unused, index) => {
    const { provider, ...library } = systemLibrary("libc6");
    return { ...library, soname: `lib${index}.so`, provider: { ...provider, package: `package${index}` } };
  });
  const files = [reportFile("bin/all", libraries.slice(0, 200), { through: libraries })];
  const { nodes, edges, grouped } = draw(report(files, []));
  expect(nodes.length).toBeLessThan(70);
  expect(edges.length).toBeLessThan(120);
  expect(new Set(nodes.filter(({ column }) => column === "library").flatMap(({ names }) => names)).size).toBe(
    400,
  );
  expect(grouped.join(" ")).toContain("400 libraries are drawn as ");
});

test("a thousand files make a picture with few lines", () => {
  const { nodes, edges, grouped } = draw(bigReport(1000));
  expect(nodes.length).toBeLessThan(80);
  expect(edges.length).toBeLessThan(200);
  expect(grouped).not.toEqual([]);
});
