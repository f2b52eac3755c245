import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import { makeAttributes } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import type { Spec } from "../spec/spec.ts";
import { mainOutput, removeOtherRecords, writeNixSupport } from "./nix-support.ts";

const folder = temporaryFolders();

const environment = {
  image: "sha256:1",
  requested: ["gcc"],
  record: {
    osRelease: { ID: "debian", A: "1" },
    packages: [{ version: "12", name: "gcc", arch: "amd64", sourceVersion: "1.203", source: "gcc-defaults" }],
    passwd: "root:x:0:0\n",
    group: "",
  },
};

/** Writes for an output that has these files; returns a reader of nix-support. */
function write(files: string[], products: Spec["products"], lines: string[] = []): (name: string) => string {
  const out = folder();
  for (const file of files) {
    mkdirSync(join(out, file, ".."), { recursive: true });
    writeFileSync(join(out, file), "");
  }
  const records = { products: lines, metrics: [{ name: "linkage.files", value: 0, unit: null }] };
  writeNixSupport(makeAttributes({ products }, { outputs: { out } }), environment, records);
  return (name) => readFileSync(join(out, "nix-support", name), "utf8").replaceAll(out, "$out");
}

const product = (pattern: string, output = "out") => ({ type: "file", subtype: "wheel", output, pattern });

test("the environment: sorted, without time, image and accounts", () => {
  const text = write(["a.whl"], [])("environment.json");
  expect(JSON.parse(text)).toEqual({
    schema: "voyager-environment/1",
    system: "debian12",
    osRelease: { A: "1", ID: "debian" },
    requested: ["gcc"],
    packages: [{ arch: "amd64", name: "gcc", source: "gcc-defaults", sourceVersion: "1.203", version: "12" }],
  });
  expect(text.indexOf('"A"')).toBeLessThan(text.indexOf('"ID"'));
});

test("a product for each file that matches, sorted and quoted", () => {
  const read = write(["b.whl", "a b.whl", "c.txt", "sub/d.whl"], [product("*.whl"), product("sub/*")]);
  expect(read("hydra-build-products")).toBe(
    'file wheel "$out/a b.whl"\nfile wheel "$out/b.whl"\nfile wheel "$out/sub/d.whl"\n',
  );
});

test("lines of other records come after them", () => {
  const read = write(["b.whl"], [product("*.whl")], ['report linkage "x"']);
  expect(read("hydra-build-products")).toBe('file wheel "$out/b.whl"\nreport linkage "x"\n');
});

/** What is in nix-support after a build whose script wrote these files there. */
function writeBehind(
  own: Record<string, (out: string) => string>,
  products: (out: string) => string[] = () => [],
) {
  const out = folder();
  mkdirSync(join(out, "nix-support"));
  mkdirSync(join(out, "doc"));
  for (const [name, content] of Object.entries(own))
    writeFileSync(join(out, "nix-support", name), content(out));
  const records = { products: products(out), metrics: [] };
  writeNixSupport(makeAttributes({ products: [] }, { outputs: { out } }), environment, records);
  return (name: string) => readFileSync(join(out, "nix-support", name), "utf8").replaceAll(out, "$out");
}

test("lines that the build script wrote stay, before ours and each once", () => {
  const read = writeBehind(
    {
      "hydra-build-products": (out) => `doc manual ${out}/doc\n\nreport linkage "${out}/doc"`,
      "hydra-metrics": () => "coverage 98.5 %\n",
      "hydra-release-name": () => "app-2-rc1\n",
    },
    (out) => [`report linkage "${out}/doc"`],
  );
  expect(read("hydra-build-products")).toBe('doc manual $out/doc\nreport linkage "$out/doc"\n');
  expect(read("hydra-metrics")).toBe(
    "coverage 98.5 %\nenvironment.packages 1\noutput.files 0\noutput.size 0 bytes\n",
  );
  expect(read("hydra-release-name")).toBe("app-2-rc1\n");
});

test.each<[string, string, (out: string) => string]>([
  ["hydra-build-products", "not in an output", () => "doc manual /d"],
  ["hydra-metrics", "name, number", () => "coverage good"],
])("lines of %s that Hydra would pass over fail: %s", async (name, why, line) => {
  const error = await thrownBy<VoyagerError>(() => writeBehind({ [name]: line }));
  expect(error).toMatchObject({
    kind: "output",
    what: `Hydra would pass over this line of ${name}: ${line("")}`,
  });
  expect(error.details.why).toContain(why);
});

test("what Hydra charts and calls the release", () => {
  const read = write(["a.whl", "sub/b"], []);
  expect(read("hydra-metrics")).toBe(
    "environment.packages 1\nlinkage.files 0\noutput.files 2\noutput.size 0 bytes\n",
  );
  expect(read("hydra-release-name")).toBe("hello-1.0\n");
});

describe("another output than the one that carries it", () => {
  const writeBeside = (prepare: (dev: string) => void) => {
    const outputs = { out: folder(), dev: folder() };
    prepare(outputs.dev);
    removeOtherRecords(outputs);
    return readdirSync(join(outputs.dev, "nix-support"));
  };

  test("loses what looks like our records, and keeps what else is there", () => {
    const left = writeBeside((dev) => {
      mkdirSync(join(dev, "nix-support"));
      for (const name of ["linkage.json", "verify", "setup-hook"])
        writeFileSync(join(dev, "nix-support", name), "");
    });
    expect(left).toEqual(["setup-hook"]);
  });

  test("must not lead elsewhere", async () => {
    const error = await thrownBy<VoyagerError>(() =>
      writeBeside((dev) => symlinkSync("/etc", join(dev, "nix-support"))),
    );
    expect(error.what).toMatch(/nix-support is not a folder$/);
  });
});

test("no products, no file", () => {
  expect(() => write(["a.whl"], [])("hydra-build-products")).toThrow("ENOENT");
});

test("a pattern that matches nothing is an error, as Hydra would be silent", async () => {
  const error = await thrownBy<VoyagerError>(() => write(["a.txt"], [product("*.whl")]));
  expect(error).toMatchObject({ kind: "output", what: "no file matches the Hydra product '*.whl'" });
  expect(error.details.remedy).toContain("hydraProducts");
});

test("an output that is not there", async () => {
  const error = await thrownBy<VoyagerError>(() => write(["a.whl"], [product("*.whl", "doc")]));
  expect(error.details.why).toBe("there is no output 'doc'");
});

test("the output that carries it", () => {
  expect(mainOutput({ dev: "/d", out: "/o" })).toBe("/o");
  expect(mainOutput({ lib: "/l", dev: "/d" })).toBe("/l");
});
