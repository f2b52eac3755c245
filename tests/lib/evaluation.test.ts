/** Runs the tests of lib/, which are data in the .nix files beside this one, with the real Nix. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { ruleNames } from "../../helper/src/spec/rules.ts";
import { channelSchema } from "../../helper/src/spec/channel.ts";
import { attributesSchema, specSchema, systemSchema } from "../../helper/src/spec/spec.ts";

const here = join(process.cwd(), "tests/lib");
type Run = { status: number; stdout: string; stderr: string };

/** Runs a command to its end; a non-zero status is a result, not an error. */
function run(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Run> {
  return new Promise((resolve) => {
    execFile(command, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code) || 1, stdout, stderr });
    });
  });
}

/** The value of an attribute of tests/lib/default.nix. */
async function evaluate(attribute: string, options: string[] = []): Promise<unknown> {
  const args = ["--eval", "--strict", "--json", ...options, here, "-A", attribute];
  const result = await run("nix-instantiate", args);
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout);
}

/** Maps with as many calls at a time as there are processors. */
async function mapParallel<T, R>(items: T[], action: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await action(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

type Case = { actual: unknown; expected: unknown };

test("values", async () => {
  const values = (await evaluate("values")) as Record<string, Case>;
  const pick = (key: keyof Case) =>
    Object.fromEntries(Object.entries(values).map(([name, entry]) => [name, entry[key]]));
  expect(pick("actual")).toEqual(pick("expected"));
});

test("values in restricted mode", async () => {
  const values = (await evaluate("values", ["--restrict-eval", "-I", process.cwd()])) as Record<string, Case>;
  for (const [name, { actual, expected }] of Object.entries(values)) {
    expect({ name, value: actual }).toEqual({ name, value: expected });
  }
});

test("errors", async () => {
  const errors = Object.entries((await evaluate("errors")) as Record<string, string>);
  const outcomes = await mapParallel(errors, async ([name, expected]) => {
    const result = await run("nix-instantiate", ["--eval", "--strict", here, "-A", `failing."${name}"`]);
    const isRight = result.status !== 0 && result.stderr.includes(expected);
    return isRight ? [] : [{ name, expected, ...result }];
  });
  expect(outcomes.flat()).toEqual([]);
});

test("what lib/ writes is what the helper reads", async () => {
  const specs = (await evaluate("specs")) as Record<string, unknown>;
  const systems = (await evaluate("systems")) as Record<string, unknown>;
  const channels = (await evaluate("channels")) as Record<string, unknown>;
  expect(Object.keys(specs)).toContain("bcrypt");
  expect(Object.keys(channels)).toContain("examples");
  for (const spec of Object.values(specs)) v.parse(specSchema, spec);
  for (const system of Object.values(systems)) v.parse(systemSchema, system);
  for (const channel of Object.values(channels)) v.parse(channelSchema, channel);
});

test("a declaration costs the evaluator a bounded number of calls and bytes", async () => {
  // Counts, as Nix gives them: a clock would measure the machine. Seconds are for the bench.
  const costs = async (attribute: string) => {
    const env = { ...process.env, NIX_SHOW_STATS: "1" };
    const result = await run("nix-instantiate", [join(here, "thousand.nix"), "-A", attribute], env);
    expect(result.status).toBe(0);
    const { nrFunctionCalls, nrPrimOpCalls, gc } = JSON.parse(
      result.stderr.slice(result.stderr.indexOf("{")),
    );
    return { calls: nrFunctionCalls + nrPrimOpCalls, bytes: gc.totalBytes };
  };
  const [declared, bare] = [await costs("declared"), await costs("bare")];
  // 169 calls and 15,500 bytes as this is written.
  expect((declared.calls - bare.calls) / 1000).toBeLessThan(185);
  expect((declared.bytes - bare.bytes) / 1000).toBeLessThan(17_000);
});

test("a path in buildScript alone is in the closure that Nix hands the build", async () => {
  const salt = String(process.hrtime.bigint());
  // The host's shell, since the sandbox has none.
  const settings = {
    substitute: "false",
    "sandbox-paths": "/bin /lib /lib64 /usr",
    "system-features": "docker",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["--option", name, value]);
  const args = ["--no-out-link", ...options, join(here, "closure.nix"), "--argstr", "salt", salt];
  const result = await run("nix-build", args);
  expect(result.stderr).not.toContain("error:");
  const attributes = JSON.parse(readFileSync(result.stdout.trim(), "utf8"));
  const paths = attributes.closure.map((entry: { path: string }) => entry.path);
  expect(paths).toContain(attributes.voyager.buildScript.split(" ")[1]);
  expect(paths).toContain(dirname(attributes.voyager.stage));
  expect(v.is(attributesSchema, attributes)).toBe(true);
});

describe("the package index that pip is configured to use", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "voyager-pip-"));
    mkdirSync(join(home, "pip"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  /** What evaluation finds with this configuration file of pip and these variables. */
  async function index(configuration: string, variables: NodeJS.ProcessEnv): Promise<string | null> {
    writeFileSync(join(home, "pip/pip.conf"), configuration);
    const file = join(process.cwd(), "lib/internal/pip-index.nix");
    const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, ...variables };
    const result = await run("nix-instantiate", ["--eval", "--json", file], env);
    expect(result.stderr).toBe("");
    return JSON.parse(result.stdout);
  }

  test("the variable wins over the file", async () => {
    const configuration = "[global]\ntimeout = 9\nindex-url = https://file.example.org/simple\r\n";
    expect(await index(configuration, {})).toBe("https://file.example.org/simple");
    const variables = { PIP_INDEX_URL: "https://variable.example.org/simple" };
    expect(await index(configuration, variables)).toBe("https://variable.example.org/simple");
  });

  test("of several files, the one that pip lets win", async () => {
    const [user, site, named] = ["user", "site", "named"].map(
      (name) => `[global]\nindex-url = https://${name}.example.org/simple\n`,
    ) as [string, string, string];
    for (const folder of ["xdg/pip", "venv"]) mkdirSync(join(home, folder), { recursive: true });
    writeFileSync(
      join(home, "xdg/pip/pip.conf"),
      "[global]\nindex-url = https://global.example.org/simple\n",
    );
    writeFileSync(join(home, "venv/pip.conf"), site);
    writeFileSync(join(home, "named.conf"), named);
    const all = { XDG_CONFIG_DIRS: join(home, "xdg"), VIRTUAL_ENV: join(home, "venv") };
    const [own, none] = [join(home, "named.conf"), join(home, "nowhere.conf")];
    expect(await index(user, { ...all, PIP_CONFIG_FILE: own })).toBe("https://named.example.org/simple");
    expect(await index(user, { ...all, PIP_CONFIG_FILE: none })).toBe("https://site.example.org/simple");
    expect(await index(user, { ...all, VIRTUAL_ENV: "" })).toBe("https://user.example.org/simple");
    expect(await index(user, { ...all, PIP_CONFIG_FILE: "/dev/null" })).toBeNull();
    // Instead of the user's, whatever it says.
    writeFileSync(own, "[global]\n");
    const system = { XDG_CONFIG_DIRS: join(home, "xdg"), PIP_CONFIG_FILE: own };
    expect(await index(user, system)).toBe("https://global.example.org/simple");
  });

  test("of several sections, the one that pip lets win, whichever file it is in", async () => {
    const line = (section: string, name: string) =>
      `[${section}]\nindex-url = https://${name}.example.org/simple\n`;
    const both =
      line("global", "all") +
      line("install", "ours").replace(/^index/m, "    index") +
      line("freeze", "other");
    expect(await index(both, {})).toBe("https://ours.example.org/simple");
    mkdirSync(join(home, "xdg/pip"), { recursive: true });
    writeFileSync(join(home, "xdg/pip/pip.conf"), line("install", "ours"));
    const variables = { XDG_CONFIG_DIRS: join(home, "xdg") };
    expect(await index(line("global", "all"), variables)).toBe("https://ours.example.org/simple");
    expect(await index(`${line("global", "all")}[install]\nindex-url =\n`, variables)).toBe(
      "https://all.example.org/simple",
    );
    expect(await index(line("freeze", "other"), {})).toBeNull();
  });

  test("a variable with a password stays out of the store", async () => {
    expect(await index("", { PIP_INDEX_URL: "https://user:secret@example.org/simple" })).toBeNull();
  });
});

test("docs/reference.md is what the comments say", async () => {
  const result = await run(process.execPath, ["docs/generate.mjs", "--check"]);
  expect(result.stderr).toBe("");
});

test("both sides know the same linkage rules", async () => {
  const names = await run("nix-instantiate", ["--eval", "--json", "--strict", "lib/internal/rules.nix"]);
  expect(JSON.parse(names.stdout)).toEqual([...ruleNames].sort());
});
