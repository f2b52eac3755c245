/** Builds by the helper alone, as Nix would start it: so that any user may run them, on any engine. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate, mustBuild, runId, voyagerCommand } from "../support/nix.ts";
import { mustSync, run } from "../support/run.ts";
import type { TestEngine } from "./engine.ts";

/** A build as Nix describes it to the helper. */
export interface Description {
  voyager: {
    name: string;
    system: { name: string; image: { bootstrap: object } };
    environment: { layers: string[][] };
  };
  closure: { path: string; narSize: number }[];
}

/** The builds of the suite, as Nix expressions. */
const expressions = {
  bound: 'build { pname = "bound"; transfer = "auto"; buildScript = "id -u >$out/id"; }',
  streamed: 'build { pname = "streamed"; transfer = "stream"; buildScript = "ls /nix/store >$out/all"; }',
  // Of a system of its own: its environment is made anew.
  environment: `build {
    pname = "environment"; systemBuildDependencies = [ "ed" ]; buildScript = "ed --version >$out/version";
    system = systems.debian12.override { name = "test-engines-${runId}"; };
  }`,
  failing: 'build { pname = "failing"; transfer = "auto"; buildScript = "echo a last line; exit 7"; }',
  hungry: `build {
    pname = "hungry"; transfer = "auto"; limits.memory = "64M";
    buildScript = "exec head -c 200000000 /dev/zero | tail >$out/x";
  }`,
  endless: 'build { pname = "endless"; transfer = "auto"; buildScript = "echo it goes on; sleep 600"; }',
  bcrypt: "voyager.bcryptWheel",
};
export type Builds = Record<keyof typeof expressions, Description>;

/** Describes the builds of the suite; all that they read is in the store afterwards. */
export async function describeBuilds(): Promise<Builds> {
  await mustBuild(expressions.bcrypt); // for its source
  const attributes = Object.entries(expressions).map(([name, expression]) => `${name} = ${expression};`);
  const all = `let all = { ${attributes.join(" ")} }; in builtins.mapAttrs (name: it: {
    inherit (it) voyager;
    closure = map (path: { inherit path; narSize = 0; }) it.exportReferencesGraph.closure;
  }) all`;
  return (await evaluate(all)) as Builds;
}

let built: Promise<string> | undefined;
/** The helper, which Nix is asked for once. */
function helper(): Promise<string> {
  built ??= voyagerCommand();
  return built;
}

interface Started {
  command: string[];
  out: string;
}

/** What starts a build, and where its output will be. */
async function prepare(
  engine: TestEngine,
  { voyager, closure }: Description,
  parent: string,
): Promise<Started> {
  const top = mkdtempSync(join(parent, "build-"));
  mkdirSync(join(top, "store"));
  const out = join(top, "store", `${"0".repeat(32)}-${voyager.name}`);
  writeFileSync(join(top, ".attrs.json"), JSON.stringify({ voyager, outputs: { out }, closure }));
  mustSync("chmod", ["755", top]);
  mustSync("chown", ["-R", `--reference=${engine.apart}`, top]);
  const variables = [`NIX_BUILD_TOP=${top}`, `DOCKER_HOST=${engine.address}`];
  return { command: [...engine.asUser, "env", ...variables, await helper(), "build"], out };
}

/** Builds; resolves with the log and the names of what is in the output, null if there is none. */
export async function build(engine: TestEngine, description: Description, parent = engine.apart) {
  const { command, out } = await prepare(engine, description, parent);
  const [program = "", ...args] = command;
  const { status, stderr: log } = await run(program, args);
  const files = status === 0 ? readdirSync(out).filter((name) => name !== "nix-support") : null;
  return { status, log, files, out };
}

/** Starts a build and resolves when its log has the text. */
export async function startBuild(
  engine: TestEngine,
  description: Description,
  text: string,
): Promise<ChildProcess> {
  const { command } = await prepare(engine, description, engine.apart);
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (data: Buffer) => {
      log += data;
      if (log.includes(text)) resolve();
    });
    child.on("exit", () => reject(new Error(`it ended: ${log}`)));
  });
  return child;
}
