/**
 * Credentials are nowhere that anybody but their owner reads: planted ones are looked for in derivations,
 * outputs and their reports, logs, and in all that an engine keeps.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instantiate, nixBuild, runId, voyagerCommand } from "./support/nix.ts";
import { makeOffline } from "./support/offline.ts";
import { OwnEngine } from "./support/own-engine.ts";
import { must, run } from "./support/run.ts";
import { baseImage } from "./support/target.ts";

/** What no other text has. */
const secret = (what: string) => `planted-${what}-${runId}`;
const address = (what: string, at: string) => `http://somebody:${secret(what)}@${at}`;
const nowhere = "127.0.0.1:9";
const folder = mkdtempSync(join(tmpdir(), "voyager-secrets-"));
const offline = makeOffline();
let engine: OwnEngine;

beforeAll(async () => {
  engine = await OwnEngine.start();
  await engine.load(await baseImage());
});
afterAll(async () => {
  await engine?.stop();
  offline.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Files below these paths that have a word in them. */
async function filesWith(word: string, paths: string[]): Promise<string[]> {
  const { status, stdout } = await run("grep", ["-rlaF", word, ...paths]);
  expect(status).toBeLessThan(2);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("what would get into the store is refused, in words that do not repeat it", () => {
  test.each([
    ["a proxy of a system", "proxy", (word: string) => `proxy.http = "${word}";`],
    [
      "a repository",
      "repository",
      (word: string) => `repositories = [ { name = "x"; uri = "${word}"; suites = [ "./" ]; } ];`,
    ],
    [
      "a mirror",
      "mirror",
      (word: string) => `image.bootstrap = { suite = "bookworm"; mirror = "${word}"; };`,
    ],
    ["a set-up", "setup", (word: string) => `setup = "curl ${word} | sh";`],
  ])("%s", async (_what, name, attributes) => {
    const { status, stderr } = await nixBuild(
      `build { system = systems.debian12.override { ${attributes(address(name, "example.org/x"))} }; buildScript = "touch $out/x"; }`,
    );
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/which everyone could read in the Nix store/);
    expect(stderr).not.toContain("planted-");
  });

  test.each(["PIP_INDEX_URL", "https_proxy"])("%s among a build's variables", async (name) => {
    const { status, stderr } = await nixBuild(
      `build { env.${name} = "${address(name, "example.org")}"; buildScript = "touch $out/x"; }`,
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain(`argument 'env' gives '${name}' an address with user name or password`);
    expect(stderr).not.toContain("planted-");
  });

  test("the index of fetchPypi, and npm's registry", async () => {
    const hash = "0".repeat(64);
    const index = await nixBuild(
      `fetchPypi { pname = "x"; version = "1"; hash = "${hash}"; index = "${address("index", "example.org")}"; }`,
    );
    const env = { ...process.env, npm_config_registry: address("npm", "example.org") };
    const registry = await run("nix-instantiate", [".", "-A", "voyager"], { env });
    for (const { status, stderr } of [index, registry]) {
      expect(status).not.toBe(0);
      expect(stderr).toContain("has credentials in it");
      expect(stderr).not.toContain("planted-");
    }
  });
});

/** Those with a planted one. */
const found = (...paths: string[]) => filesWith("planted-", paths);

/** Nix's own environment, as an administrator may have set it up. */
const environment = {
  ...process.env,
  http_proxy: address("http-proxy", nowhere),
  https_proxy: address("https-proxy", nowhere),
  HTTP_PROXY: address("http-proxy", nowhere),
  PIP_INDEX_URL: address("pip", `${nowhere}/simple`),
  PIP_EXTRA_INDEX_URL: address("pip-extra", `${nowhere}/simple`),
  REGISTRY_PASSWORD: secret("registry"),
};

test("an environment is made and a package built, with credentials in Nix's environment", async () => {
  const expression = `build {
    pname = "clean"; system = ${offline.system(`secrets-${runId}`)}; systemBuildDependencies = [ "voyager-one" ];
    buildScript = "env >$out/environment; cp /usr/share/voyager-one $out";
  }`;
  const socket = ["--option", "sandbox-paths", `/run/nix-voyager=${engine.socketFolder}`];
  const result = await nixBuild(expression, socket, { env: environment });
  expect(result.status).toBe(0);
  const output = result.stdout.trim();
  const [derivation = ""] = await instantiate(expression);
  const log = await must("nix-store", ["--read-log", derivation]);
  const inputs = (await must("nix-store", ["--query", "--requisites", derivation])).split("\n");
  writeFileSync(join(folder, "log"), `${result.stderr}\n${log}`);
  expect(log).toContain("container started");
  expect(await found(output, ...inputs.filter((path) => path.endsWith(".drv")), join(folder, "log"))).toEqual(
    [],
  );
  // Layers, images' settings and history, volumes, what is known of containers, and the engine's log.
  const kept = [join(engine.folder, "data"), engine.log];
  expect(await found(...kept)).toEqual([]);
  // It would have been found there.
  expect(await filesWith("voyager-one", kept)).not.toEqual([]);
  writeFileSync(join(folder, "control"), secret("control"));
  expect(await found(folder)).toEqual([join(folder, "control")]);
});

test("a download that fails, with the index and the proxy in Nix's environment", async () => {
  const expression = `fetchPypi { pname = "six"; version = "1.16.${Date.now()}"; hash = "${"1".repeat(64)}"; }`;
  const { status, stderr } = await nixBuild(expression, ["--keep-failed"], { env: environment });
  expect(status).not.toBe(0);
  expect(stderr).toContain("***");
  const kept = /keeping build directory '([^']+)'/.exec(stderr)?.[1];
  expect(kept).toBeDefined();
  const [derivation = ""] = await instantiate(expression);
  writeFileSync(join(folder, "log"), `${stderr}\n${await must("nix-store", ["--read-log", derivation])}`);
  expect(await found(derivation, join(folder, "log"), kept as string)).toEqual([]);
  rmSync(kept as string, { recursive: true, force: true });
});

test("a program that prints what it was given", async () => {
  // The message of a Python exception, for instance, that nobody foresaw.
  const { stderr } = await nixBuild(
    `let drv = fetchPypi { pname = "six"; version = "${runId}"; hash = "${"2".repeat(64)}"; }; in
     derivation (drv.drvAttrs // { voyager = drv.voyager // { buildScript = "env; exit 3"; }; })`,
    [],
    { env: environment },
  );
  expect(stderr).toContain("PIP_INDEX_URL=http://***@");
  expect(stderr).toContain("failed with exit code 3");
  expect(stderr).not.toContain("planted-");
});

test("the key that signs a statement is not in it", async () => {
  const key = join(folder, "key.pem");
  await must("openssl", ["genpkey", "-algorithm", "ed25519", "-out", key]);
  const { stdout } = await nixBuild(`build { pname = "signed"; buildScript = "echo x >$out/x"; }`);
  const statement = join(folder, "statement.json");
  const voyager = await voyagerCommand();
  const signed = await run(voyager, ["provenance", stdout.trim(), "--key", key, "--output", statement]);
  expect(signed.status).toBe(0);
  const [, body = ""] = readFileSync(key, "utf8").split("\n");
  // The last 32 bytes are the key itself.
  const raw = Buffer.from(body, "base64").subarray(-32);
  const text = `${readFileSync(statement, "utf8")}${signed.stdout}${signed.stderr}`;
  const { payload } = JSON.parse(readFileSync(statement, "utf8")) as { payload: string };
  for (const part of [text, Buffer.from(payload, "base64").toString("latin1")]) {
    expect(part).not.toContain(body);
    for (const form of ["base64", "hex"] as const) expect(part).not.toContain(raw.toString(form));
  }
});
