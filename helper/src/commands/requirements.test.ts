import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeEngine } from "../../testing/fake-engine.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { keptLog, thrownBy } from "../../testing/logs.ts";
import { makeSystem } from "../../testing/specs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { requirements } from "./requirements.ts";

const folder = temporaryFolders();
const { log, messages } = keptLog();
const environment = { ...process.env };
beforeEach(() => messages.splice(0));
afterEach(() => {
  process.env = { ...environment };
});

const record = "@@ packages\n@@ os-release\nID=debian\n@@ passwd\n@@ group\n";

/** An engine on which the program that asks the index prints this, and ends so. */
function makeEngine(printed: string, status = 0): FakeEngine & { asked: string[] } {
  const engine = Object.assign(new FakeEngine(), { asked: [] as string[] });
  engine.add("debian:12");
  engine.program = ({ command, onOutput }) => {
    const script = command.join(" ");
    if (script.includes("dpkg-query")) onOutput(1, Buffer.from(record));
    if (!script.includes("pin.py")) return 0;
    engine.asked.push(script);
    onOutput(status === 0 ? 1 : 2, Buffer.from(printed));
    return status;
  };
  return engine;
}

/** A folder with a requirements file, and what the command knows of the library. */
function place(): string {
  const here = folder();
  writeFileSync(join(here, "requirements.txt"), "six==1.16.0 --hash=sha256:1\n");
  writeFileSync(join(here, "systems.json"), JSON.stringify({ debian12: makeSystem() }));
  writeFileSync(
    join(here, "pypi.json"),
    JSON.stringify({ builder: folder(), packages: { debian12: ["python3-pip"] } }),
  );
  process.env.VOYAGER_SYSTEMS = join(here, "systems.json");
  process.env.VOYAGER_PYPI = join(here, "pypi.json");
  return here;
}

const options = (here: string) => ({
  file: join(here, "requirements.txt"),
  system: "debian12",
  output: join(here, "pinned.txt") as string | undefined,
  index: undefined as string | undefined,
});

test("the file is written, by a container with a network and no privileges, which is gone", async () => {
  const here = place();
  const engine = makeEngine("six==1.16.0 --hash=sha256:2\n");
  await requirements(engine, options(here), log);
  expect(readFileSync(join(here, "pinned.txt"), "utf8")).toBe("six==1.16.0 --hash=sha256:2\n");
  expect(engine.started.at(-1)).toMatchObject({ network: true, privilegesOfPackageManager: false });
  expect(engine.present.size).toBe(0);
  expect(messages.at(-1)).toContain("pinned.txt: 1 requirements");
});

test("settings of this machine's pip are followed, and an index that is given", async () => {
  const here = place();
  writeFileSync(join(here, "pip.conf"), "[global]\n");
  writeFileSync(join(here, "ca.pem"), "certificate\n");
  Object.assign(process.env, { PIP_CONFIG_FILE: join(here, "pip.conf"), PIP_CERT: join(here, "ca.pem") });
  process.env.https_proxy = "http://it's:3128";
  const engine = makeEngine("");
  await requirements(engine, { ...options(here), index: "https://user:secret@example.org/simple" }, log);
  const received = Buffer.concat(engine.received).toString("latin1");
  for (const line of [
    `"${join(here, "pip.conf")}"]]'`,
    "export PIP_CERT='/tmp/voyager-settings/certificates.pem'",
    "export https_proxy='http://it'\\''s:3128'",
    "export VOYAGER_PYPI_INDEX='https://user:secret@example.org/simple'",
  ]) {
    expect(received).toContain(line);
  }
  // Whoever is on the machine can read a command line.
  expect(engine.asked[0]).toContain(". /tmp/voyager-settings/variables\n");
  expect(engine.asked.join()).not.toContain("secret");
});

test("what cannot be pinned is told, and nothing is written", async () => {
  const here = place();
  const engine = makeEngine(
    "noise\nnix-voyager: line 1: 'six' has no hash\nnix-voyager: line 2: other\n",
    67,
  );
  const error = await thrownBy<VoyagerError>(requirements(engine, options(here), log));
  expect(error).toMatchObject({
    kind: "source",
    what: expect.stringContaining("requirements.txt cannot be pinned"),
  });
  expect(error.details.why).toBe("line 1: 'six' has no hash\nline 2: other");
  expect(readdirSync(here)).not.toContain("pinned.txt");
  expect(engine.present.size).toBe(0);
});

test("a defect of the tool is shown as it is", async () => {
  const error = await thrownBy<VoyagerError>(
    requirements(makeEngine("Traceback: x\n", 1), options(place()), log),
  );
  expect(error.details.why).toBe("Traceback: x\n");
});

test("a file that is not there, a system that is not known, a command without its tools", async () => {
  const here = place();
  const engine = makeEngine("");
  const failure = (change: object) =>
    thrownBy<VoyagerError>(requirements(engine, { ...options(here), ...change }, log));
  expect((await failure({ file: join(here, "none.txt") })).what).toContain("cannot read");
  expect((await failure({ system: "debain12" })).what).toBe("there is no system 'debain12'");
  process.env.VOYAGER_PYPI = "";
  expect((await failure({})).what).toContain("does not know how to ask a package index");
  expect(engine.started).toEqual([]);
});
