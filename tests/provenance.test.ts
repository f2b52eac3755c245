/** Statements of provenance of real builds: what Nix makes of them, signatures, forgeries. */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { tmpdir } from "node:os";
import type { Statement } from "../helper/src/records/provenance/render.ts";
import { mustBuild, nix, voyagerCommand } from "./support/nix.ts";
import { must, type Result, run } from "./support/run.ts";

const folder = mkdtempSync(join(tmpdir(), "voyager-provenance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);

let command: string;
let out: string;
let statement: Statement;
const build = `let tool = builtins.toFile "tool" "a tool"; in build {
  pname = "said"; version = "1"; outputs = [ "out" "dev" ];
  env = { TOOL = "\${tool}"; };
  buildScript = ''
    # a comment that speaks of \${tool}, which Nix must not take for a need of the result
    mkdir -p $out/share $dev/include; echo hello >$out/share/hello; echo 'int x;' >$dev/include/x.h
  '';
}`;

beforeAll(async () => {
  command = await voyagerCommand();
  [out = ""] = await mustBuild(build);
  statement = JSON.parse(readFileSync(join(out, "nix-support/provenance.json"), "utf8")) as Statement;
  await must("openssl", ["genpkey", "-algorithm", "ed25519", "-out", file("key.pem")]);
  await must("openssl", ["pkey", "-in", file("key.pem"), "-pubout", "-out", file("public.pem")]);
});

const voyager = (...args: string[]): Promise<Result> => run(command, ["provenance", ...args]);
const verify = (...args: string[]) =>
  voyager("--verify", file("signed.json"), "--key", file("public.pem"), ...args);

test("it says what was built, of what, and with what", () => {
  const { subject, predicate } = statement;
  expect(subject.map(({ name }) => name)).toEqual(["share/hello", "dev:include/x.h"].toSorted());
  const { externalParameters, resolvedDependencies } = predicate.buildDefinition;
  expect(externalParameters).toMatchObject({
    package: { name: "said", version: "1" },
    env: { TOOL: "/nix/store/tool" },
    outputs: ["dev", "out"],
  });
  const tool = resolvedDependencies.find(({ name }) => name === "tool");
  expect(tool?.digest?.narSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(resolvedDependencies.some(({ uri }) => uri?.startsWith("pkg:deb/debian/libc6@"))).toBe(true);
});

test("what it says of the tool is what Nix says", async () => {
  const { stdout } = await nix("nix-store", ["--query", "--requisites", await deriver()]);
  const path = stdout.split("\n").find((line) => line.endsWith("-tool")) ?? "";
  const hex = await must("nix-hash", ["--type", "sha256", path]);
  const tool = statement.predicate.buildDefinition.resolvedDependencies.find(({ name }) => name === "tool");
  expect(tool?.digest?.narSha256).toBe(hex);
});

async function deriver(): Promise<string> {
  return (await nix("nix-store", ["--query", "--deriver", out])).stdout.trim();
}

test("nothing that it speaks of becomes a run-time dependency", async () => {
  const { stdout } = await nix("nix-store", ["--query", "--references", out]);
  const references = stdout.split("\n").filter((line) => line !== "" && line !== out);
  expect(references).toEqual([]);
});

test("the same build gives the same statement", async () => {
  expect(await mustBuild(build, ["--check"])).toEqual([out]);
});

test("printed, it has what only this machine's Nix knows", async () => {
  const { status, stdout } = await voyager(out);
  expect(status).toBe(0);
  const printed = JSON.parse(stdout) as Statement;
  const nars = printed.subject.filter(({ digest }) => digest.narSha256 !== undefined);
  expect(nars.map(({ name }) => name)).toContain(basename(out));
  expect(nars).toHaveLength(2);
  const hex = await must("nix-hash", ["--type", "sha256", out]);
  expect(nars.find(({ name }) => name === basename(out))?.digest.narSha256).toBe(hex);
  const [drv] = printed.predicate.buildDefinition.resolvedDependencies;
  expect(drv?.uri).toBe(await deriver());
  expect(drv?.digest?.sha256).toBe((await must("sha256sum", [drv?.uri ?? ""])).split(" ")[0]);
});

test("signed by a link to it, and verified with its files", async () => {
  symlinkSync(out, file("result"));
  expect(
    await voyager(file("result"), "--key", file("key.pem"), "--output", file("signed.json")),
  ).toMatchObject({
    status: 0,
    stdout: "",
  });
  const signed = await verify(out);
  expect(signed).toMatchObject({ status: 0, stderr: "" });
  expect(signed.stdout).toContain("signed by this key");
  expect(signed.stdout).toContain("share/hello");
  expect(signed.stdout).toMatch(/not compared, of other outputs: dev:include\/x\.h/);
  expect((await verify()).stdout).toContain("share/hello  sha256 ");
});

test("files that were changed, and other builds, are refused", async () => {
  const copy = file(basename(out));
  cpSync(out, copy, { recursive: true });
  await must("chmod", ["-R", "u+w", copy]);
  writeFileSync(join(copy, "share/hello"), "good bye\n");
  const changed = await verify(copy);
  expect(changed).toMatchObject({ status: 9, stdout: expect.stringContaining("signed by this key") });
  expect(changed.stderr).toContain("share/hello: is not what was built");
  const [other = ""] = await mustBuild('build { pname = "other"; buildScript = "echo x >$out/x"; }');
  expect((await verify(other)).stderr).toContain("x: was not built");
});

test("an executable bit counts, where Nix is there to see it", async () => {
  const copy = file(`bits/${basename(out)}`);
  cpSync(out, copy, { recursive: true });
  await must("chmod", ["-R", "u+w", copy]);
  await must("chmod", ["a+x", join(copy, "share/hello")]);
  const changed = await verify(copy);
  expect(changed.status).toBe(9);
  expect(changed.stderr).toContain(`${basename(out)}: is not what was built`);
});

test("a stranger's signature, and a statement that was changed, are refused", async () => {
  await must("openssl", ["genpkey", "-algorithm", "ed25519", "-out", file("stranger.pem")]);
  await must("openssl", [
    "pkey",
    "-in",
    file("stranger.pem"),
    "-pubout",
    "-out",
    file("stranger-public.pem"),
  ]);
  const stranger = await voyager("--verify", file("signed.json"), "--key", file("stranger-public.pem"), out);
  expect(stranger.status).toBe(9);
  expect(stranger.stderr).toContain("none of its 1 signatures");
  const envelope = JSON.parse(readFileSync(file("signed.json"), "utf8")) as { payload: string };
  const payload = Buffer.from(envelope.payload, "base64").toString().replace("said", "sayd");
  writeFileSync(
    file("forged.json"),
    JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString("base64") }),
  );
  const forged = await voyager("--verify", file("forged.json"), "--key", file("public.pem"));
  expect(forged).toMatchObject({ status: 9, stdout: "" });
});

test("wrong uses are named", async () => {
  expect(await voyager()).toMatchObject({ status: 64, stderr: expect.stringContaining("name a path") });
  expect(await voyager("--verify", file("signed.json"))).toMatchObject({ status: 64 });
  expect((await voyager(file("nowhere"))).stderr).toContain("does not exist");
  const none = await voyager(realpathSync(tmpdir()));
  expect(none).toMatchObject({ status: 78, stderr: expect.stringContaining("no statement of provenance") });
  const certificate = await voyager(out, "--key", join(out, "share/hello"));
  expect(certificate).toMatchObject({ status: 64, stderr: expect.stringContaining("not a private key") });
});
