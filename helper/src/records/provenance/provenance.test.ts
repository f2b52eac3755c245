import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../../testing/folders.ts";
import { thrownBy } from "../../../testing/logs.ts";
import { makeAttributes, makeSystem, storePath } from "../../../testing/specs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { hexOfNixHash } from "../../common/nix-hash.ts";
import { parseStatement } from "./read.ts";
import {
  makePredicate,
  makeStatement,
  type ProvenanceInput,
  renderProvenance,
  type Statement,
} from "./render.ts";
import { subjectsOf } from "./subjects.ts";
import { compareFiles } from "./verify.ts";

const folder = temporaryFolders();
const hash = "0123456789abcdfghijklmnpqrsvwxyz";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** An output with files: path → content. */
function outputWith(files: Record<string, string>): string {
  const path = folder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function inputOf(
  outputs: Record<string, string>,
  change: Parameters<typeof makeAttributes>[0] = {},
): ProvenanceInput {
  const closure = [
    { path: storePath("tool"), narSize: 1, narHash: `sha256:${"0".repeat(51)}1` },
    { path: storePath("hello.tar.gz"), narSize: 1 },
  ];
  return {
    attributes: makeAttributes(change, { outputs, closure }),
    environment: {
      osRelease: { ID: "debian", VERSION_ID: "12" },
      packages: [
        { name: "libffi-dev", version: "3.4.4-1", arch: "amd64", source: "libffi", sourceVersion: "3.4.4-1" },
        { name: "gcc", version: "4:12.2.0-3", arch: "amd64" },
      ],
    },
    helperVersion: "0.1.0",
  };
}

const statementOf = (input: ProvenanceInput) => makeStatement(input, makePredicate(input));
const rendered = (input: ProvenanceInput) => renderProvenance(input, makePredicate(input));

describe("subjects", () => {
  test("are the files of the outputs, without nix-support and links", () => {
    const out = outputWith({ "b.whl": "wheel", "lib/a.so": "a", "nix-support/x": "no" });
    symlinkSync("b.whl", join(out, "link"));
    expect(subjectsOf({ out, dev: outputWith({ "include/a.h": "h" }) })).toEqual([
      { name: "b.whl", digest: { sha256: sha256("wheel") } },
      { name: "lib/a.so", digest: { sha256: sha256("a") } },
      { name: "dev:include/a.h", digest: { sha256: sha256("h") } },
    ]);
  });

  test("of many files are one, with the hash that in-toto's command gives", () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`d${n % 7}/f-${n}.Ä_x`, `${n}`]));
    const out = outputWith(files);
    const command =
      "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '";
    const dirHash = execFileSync("bash", ["-c", command], { cwd: out, encoding: "utf8" }).trim();
    expect(subjectsOf({ out })).toEqual([{ name: "out", digest: { dirHash } }]);
  });

  test("of which one has a name that is no text are one, with that hash", () => {
    const out = outputWith({ a: "1", "d/b": "2" });
    writeFileSync(Buffer.concat([Buffer.from(`${out}/d/`), Buffer.from([0xff])]), "3");
    const command =
      "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '";
    const env = { ...process.env, LC_ALL: "C" };
    const dirHash = execFileSync("bash", ["-c", command], { cwd: out, env, encoding: "utf8" }).trim();
    expect(subjectsOf({ out })).toEqual([{ name: "out", digest: { dirHash } }]);
  });

  test("that are one file, or none", () => {
    const file = join(outputWith({ x: "data" }), "x");
    expect(subjectsOf({ out: file })).toEqual([{ name: "out", digest: { sha256: sha256("data") } }]);
    expect(subjectsOf({ out: folder() })).toEqual([{ name: "out", digest: { dirHash: sha256("") } }]);
  });
});

describe("the statement", () => {
  test("has the fields that in-toto and SLSA ask for", () => {
    const text = rendered(inputOf({ out: outputWith({ "a.whl": "a" }) }));
    const statement = parseStatement(text, "it");
    expect(statement._type).toBe("https://in-toto.io/Statement/v1");
    expect(statement.predicateType).toBe("https://slsa.dev/provenance/v1");
    const { buildDefinition, runDetails } = statement.predicate;
    expect(buildDefinition.externalParameters).toMatchObject({
      name: "hello-1.0",
      src: "hello.tar.gz",
      systemPackages: ["gcc", "libffi-dev"],
      buildScript: "make install",
      env: { FOO: "bar", VOYAGER_TOLD: '{"of":[1,"two"]}' },
      outputs: ["out"],
    });
    expect(buildDefinition.internalParameters).toMatchObject({ transfer: "auto", specVersion: 1 });
    // TypeURI: https://github.com/in-toto/attestation/blob/main/spec/v1/field_types.md
    for (const uri of [buildDefinition.buildType, runDetails.builder.id])
      expect(() => new URL(uri)).not.toThrow();
    expect(runDetails.builder.version).toEqual({ "nix-voyager": "0.1.0" });
    for (const one of buildDefinition.resolvedDependencies) {
      expect(Boolean(one.name || one.uri || one.digest)).toBe(true);
      for (const value of Object.values(one.digest ?? {})) expect(value).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test("knows what was there", () => {
    const { resolvedDependencies } = makePredicate(inputOf({ out: folder() })).buildDefinition;
    expect(resolvedDependencies).toEqual([
      { name: "debian:12", uri: "pkg:generic/base-image@debian:12" },
      { name: "hello.tar.gz" },
      { name: "tool", digest: { narSha256: `01${"00".repeat(31)}` } },
      { name: "gcc", uri: "pkg:deb/debian/gcc@4:12.2.0-3?arch=amd64&distro=debian-12" },
      {
        name: "libffi-dev",
        uri: "pkg:deb/debian/libffi-dev@3.4.4-1?arch=amd64&distro=debian-12&upstream=libffi",
      },
    ]);
  });

  test("has no store path's hash, wherever one was", () => {
    const change = {
      buildScript: `cp ${storePath("tool")}/x .\n${hash}-tool/y\t${storePath("z")} --id=${hash}`,
      env: { PKG: `${storePath("a")}:${storePath("b")}`, BARE: hash },
      settings: { TOLD: { wheels: [storePath("w")] } },
      linkage: { allow: [{ soname: null, file: null, rule: null, reason: `see ${storePath("why")}` }] },
    };
    const input = inputOf({ out: folder() }, change);
    const text = rendered({ ...input, attributes: { ...input.attributes } });
    expect(text).not.toContain(hash);
    const { externalParameters } = (JSON.parse(text) as Statement).predicate.buildDefinition;
    expect(externalParameters).toMatchObject({
      buildScript: "cp /nix/store/tool/x .\ntool/y\t/nix/store/z --id=HASH",
      env: { PKG: "/nix/store/a:/nix/store/b", BARE: "HASH", TOLD: '{"wheels":["/nix/store/w"]}' },
    });
  });

  test("has no password and no proxy", () => {
    const repository = {
      name: "own",
      uri: "https://user:secret@packages.example/debian",
      suites: ["x"],
      components: [],
      key: null,
    };
    const proxy = { http: "http://me:secret@proxy.example:3128", https: null, noProxy: null };
    const system = makeSystem({ repositories: [repository], proxy });
    const text = rendered(inputOf({ out: folder() }, { system }));
    expect(text).toContain("https://packages.example/debian");
    expect(text).not.toMatch(/secret|proxy\.example/);
  });

  test("is the same twice", () => {
    const outputs = { out: outputWith({ a: "a", b: "b" }) };
    expect(rendered(inputOf(outputs))).toBe(rendered(inputOf(outputs)));
  });
});

describe("files and a statement", () => {
  const made = () => {
    const out = outputWith({ "a.whl": "a", "b.txt": "b" });
    const dev = outputWith({ "x.h": "x" });
    return { out, statement: statementOf(inputOf({ out, dev })) };
  };
  const errorOf = (statement: Statement, out: string) =>
    thrownBy<VoyagerError>(() => compareFiles(statement, out));

  test("agree", () => {
    const { out, statement } = made();
    expect(compareFiles(statement, out)).toEqual({ right: ["a.whl", "b.txt"], elsewhere: ["dev:x.h"] });
  });

  test.each<[string, (out: string) => void, string]>([
    ["another content", (out) => writeFileSync(join(out, "a.whl"), "b"), "a.whl: is not what was built"],
    ["one file more", (out) => writeFileSync(join(out, "c"), ""), "c: was not built"],
    ["one file less", (out) => execFileSync("rm", [join(out, "b.txt")]), "b.txt: is missing"],
  ])("differ: %s", async (_, change, why) => {
    const { out, statement } = made();
    change(out);
    const error = await errorOf(statement, out);
    expect(error.kind).toBe("provenance");
    expect(error.details.why).toBe(why);
  });

  test("a tree of many files that was changed", async () => {
    const files = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`f${n}`, `${n}`]));
    const out = outputWith(files);
    const statement = statementOf(inputOf({ out }));
    expect(compareFiles(statement, out).right).toEqual(["out"]);
    writeFileSync(join(out, "f7"), "8");
    expect((await errorOf(statement, out)).details.why).toBe("out: is not what was built");
  });

  test("a statement that is about nothing here", async () => {
    const { out, statement } = made();
    const error = await errorOf(
      { ...statement, subject: [{ name: "dev:x.h", digest: { sha256: "0" } }] },
      out,
    );
    expect(error.kind).toBe("provenance");
  });
});

test.each([
  ["no JSON", "{"],
  ["no statement", "{}"],
  ["another predicate", JSON.stringify({ _type: "https://in-toto.io/Statement/v1", predicateType: "x" })],
])("what is %s is no statement", async (_, text) => {
  const error = await thrownBy<VoyagerError>(() => parseStatement(text, "some file"));
  expect(error.kind).toBe("record");
  expect(error.what).toContain("some file");
});

test("hashes as Nix writes them", () => {
  const digest = createHash("sha256").update(readFileSync(process.execPath).subarray(0, 999));
  const hex = digest.digest("hex");
  const base32 = execFileSync("nix-hash", ["--type", "sha256", "--to-base32", hex], {
    encoding: "utf8",
  }).trim();
  expect(hexOfNixHash(`sha256:${base32}`)).toBe(hex);
  expect(hexOfNixHash(`sha256:${hex}`)).toBe(hex);
  expect(hexOfNixHash(`sha256-${Buffer.from(hex, "hex").toString("base64")}`)).toBe(hex);
  expect(hexOfNixHash("sha256:short")).toBeNull();
  expect(hexOfNixHash(`sha256:${"e".repeat(52)}`)).toBeNull();
  expect(hexOfNixHash(`sha256:${"z".repeat(52)}`)).toBeNull();
});
