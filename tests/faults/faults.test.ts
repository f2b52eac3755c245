/**
 * What goes wrong between the helper and the engine: one fault, of every kind, with every request that a
 * build makes. The requests are those of a recorded build. Whatever happens, the build ends in time, with
 * the undisturbed build's output or with one clear error, and leaves nothing on the engine. Prints a table
 * of all cases, which is also in tests/faults/out/.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Spec } from "../../helper/src/spec/spec.ts";
import { evaluate, mustBuild, nixBuild, root, runId } from "../support/nix.ts";
import { must, mustSync } from "../support/run.ts";
import { type Case, casesOf, type Kind, reference, runCase, type Setting } from "./cases.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { isWaiting, nameOf } from "./faults.ts";
import { renderTable, type Ran, tell } from "./table.ts";

/** Cases at a time: those that wait for a limit of time take no processor. */
const atOnce = { working: 4, waiting: 10 };
/** Seconds. */
const limits = { timeout: 30, silenceTimeout: 5 };
const out = join(root, "tests/faults/out");

/** Has output on both streams, a file for the audit to ask the system about, and a source. */
const declaration = (transfer: string) => `build {
  pname = "faults"; transfer = "${transfer}"; src = ${root}/examples/c-program/source;
  timeout = ${limits.timeout}; silenceTimeout = ${limits.silenceTimeout};
  buildScript = ''
    mkdir $out/bin $out/share
    cp /bin/true $out/bin/
    cp * $out/share/
    for line in {1..50}; do echo "line $line"; echo "complaint $line" >&2; done
  '';
}`;

interface Described {
  spec: Spec;
  closure: string[];
}

/** An environment of its own, made by no more than what every one needs. */
function ownEnvironment(spec: Spec, nonce: string): Spec {
  const setup = `rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* # ${nonce}`;
  return { ...spec, system: { ...spec.system, name: `faults-${runId}`, setup, keepPackages: false } };
}

let setting: Setting;
const kinds: Kind[] = [];
const ran: Ran[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "voyager-faults-"));
  mkdirSync(join(folder, "build"));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "cases.txt"), "");
  setting = { folder, command: (await evaluate("voyager.helper.command")) as string[] };
  for (const transfer of ["bind", "stream"]) {
    const built = declaration(transfer);
    await mustBuild(built);
    const { spec, closure } = (await evaluate(
      `let it = ${built}; in { spec = it.voyager; closure = it.exportReferencesGraph.closure; }`,
    )) as Described;
    const known = { closure: closure.map((path) => ({ path, narSize: 1 })) };
    kinds.push({ ...known, name: transfer, spec: () => spec });
    if (transfer === "bind") {
      kinds.push({ ...known, name: "environment", spec: (nonce) => ownEnvironment(spec, nonce) });
    }
  }
});

afterAll(async () => {
  rmSync(setting.folder, { recursive: true });
  const filter = ["--filter", `label=nix-voyager.system=faults-${runId}`];
  const images = await must("docker", ["images", "--all", "--quiet", "--no-trunc", ...filter]);
  for (const image of new Set(images.split("\n").filter((id) => id !== ""))) {
    await must("docker", ["rmi", "--force", image]);
  }
  const table = renderTable(ran);
  writeFileSync(join(out, "table.txt"), table);
  process.stdout.write(table);
});

/** What only the making of an environment asks for: the rest is what the other builds ask for, too. */
function ofEnvironment(cases: Case[]): Case[] {
  const all = [...new Set(cases.map(({ request }) => request))];
  const last = all.findLastIndex((request) => request.includes("/exec/") || request.includes("/commit"));
  const until = new Set(all.slice(0, last + 3)); // the removals after the commit
  return cases.filter(({ request }) => until.has(request));
}

test("every request of a build, with every fault", async () => {
  const queues: Record<keyof typeof atOnce, (() => Promise<void>)[]> = { working: [], waiting: [] };
  for (const kind of kinds) {
    const { output, requests } = await reference(setting, kind);
    // So that a difference is the fault's.
    expect((await reference(setting, kind)).output).toBe(output);
    const cases = casesOf(kind, requests);
    for (const one of kind.name === "environment" ? ofEnvironment(cases) : cases) {
      queues[isWaiting(one.fault) ? "waiting" : "working"].push(async () => {
        const result = { ...one, ...(await runCase(setting, one, output)) };
        ran.push(result);
        appendFileSync(join(out, "cases.txt"), `${tell(result)}\n`);
      });
    }
  }
  const work = async (queue: (() => Promise<void>)[]) => {
    for (let next = queue.shift(); next; next = queue.shift()) await next();
  };
  const workers = (Object.keys(queues) as (keyof typeof atOnce)[]).flatMap((name) =>
    Array.from({ length: atOnce[name] }, () => work(queues[name])),
  );
  await Promise.all(workers);
  ran.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  const wrong = ran.filter(({ outcome }) => !["error", "same", "not met"].includes(outcome));
  expect(wrong.map(tell)).toEqual([]);
  expect(ran.length).toBeGreaterThan(300);
  expect(ran.filter(({ outcome }) => outcome === "not met").length).toBeLessThan(ran.length / 50);
}, 1_200_000); // some minutes where nothing else runs

describe("through Nix, in its sandbox", () => {
  const group = Number(mustSync("getent", ["group", "nixbld"]).split(":")[2]);

  test.each([
    ["POST /containers/create", { does: "cut", at: "after" }],
    ["POST /containers/ID/attach", { does: "cut", at: "middle" }],
    ["POST /containers/ID/attach", { does: "stall", at: "middle" }],
    ["POST /containers/ID/start", { does: "stall", at: "before" }],
    ["POST /containers/ID/start", { does: "refuse", at: "after" }],
  ] as const)("%s: %j", async (request, fault) => {
    const folder = mkdtempSync(join(tmpdir(), "voyager-faults-"));
    mustSync("chmod", ["755", folder]);
    writeFileSync(join(folder, "engine.json"), '{ "answerTimeout": 4, "maxBuilds": 2000 }');
    const planned = { request, fault, bytes: fault.at === "middle" ? 300 : 0 };
    const options = { mode: 0o660, group };
    const proxy = await new FaultProxy(join(folder, "engine.sock"), planned, options).listen();
    try {
      const name = nameOf(fault).replace(" ", "-");
      const expression = `(${declaration("bind")}).override { pname = "faults-${name}"; }`;
      const socket = ["--option", "sandbox-paths", `/run/nix-voyager=${folder}`];
      const { status, stderr } = await nixBuild(expression, socket);
      expect({ status, isHit: proxy.isHit, stderr }).toMatchObject({ status: 100, isHit: true });
      expect(stderr.match(/^nix-voyager: error: /gm)).toHaveLength(1);
    } finally {
      await proxy.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
