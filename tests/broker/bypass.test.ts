/** Attempts to get more of the broker than a build may have: corpus.ts. */
import { tell } from "../../helper/testing/tell.ts";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustBuild, root, runId, voyagerCommand } from "../support/nix.ts";
import { OwnBroker } from "../support/own-broker.ts";
import { must, mustSync, run } from "../support/run.ts";
import { allowedEnvironment, allowedRun, corpus, frame, type Scene } from "./corpus.ts";

type Attempts = { name: string; sent: (string | Buffer)[] }[];
interface Answer {
  name: string;
  how: string;
  frames: [number, string][];
}

let broker: OwnBroker;
let folder: string;
let scene: Scene;
// Not the first ones, which Nix takes, and whose processes it ends.
const attacker = "nixbld9";
const another = "nixbld8";
const ids = (user: string) => {
  const [, , uid, gid] = mustSync("getent", ["passwd", user]).split(":").map(Number);
  return { uid: uid as number, gid: gid as number };
};
const owned = (path: string, user: string) => {
  mkdirSync(path);
  writeFileSync(join(path, "secret"), `of ${user}\n`);
  for (const one of [path, join(path, "secret")]) chownSync(one, ids(user).uid, ids(user).gid);
  return path;
};

/** As a build user whom Nix has given no network. */
const asAttacker = ["--net", "setpriv", "--reuid", attacker, "--regid", "nixbld", "--clear-groups"];

/** Answers to attempts, after the one that had the environment given. */
function withoutFirst([first, ...answers]: Answer[]): Answer[] {
  expect(events(first).at(-1)?.environment?.image).toBe(scene.image);
  return answers;
}

/** Makes attempts as a build user; `sent` as in corpus.ts. */
function attack(attempts: Attempts): Answer[] {
  const list = listOf(attempts);
  const script = join(folder, "attack.cjs");
  const args = [...asAttacker, process.execPath, script, broker.socket, list];
  const output = execFileSync("unshare", args, { maxBuffer: 1e9 });
  return withoutFirst(JSON.parse(output.toString()) as Answer[]);
}
/** A file with attempts. The first has the attacker given an environment, which is its own until it ends. */
function listOf(attempts: Attempts, name = "list.json"): string {
  const list = join(folder, name);
  const all = [
    { name: "environment", sent: [frame(1, JSON.stringify(allowedEnvironment(scene)))] },
    ...attempts,
  ];
  const encoded = all.map((one) => ({
    name: one.name,
    sent: one.sent.map((piece) => Buffer.from(piece).toString("base64")),
  }));
  writeFileSync(list, JSON.stringify(encoded));
  return list;
}
const one = (request: object) => [{ name: "one", sent: [frame(1, JSON.stringify(request))] }];
const events = (answer?: Answer) =>
  (answer?.frames ?? [])
    .filter(([kind]) => kind === 0x13)
    .map(([, text]) => JSON.parse(text) as { event: string; kind?: string; environment?: { image: string } });

beforeAll(async () => {
  broker = await OwnBroker.start({ perBuild: { requestsPerSecond: 5000, connections: 100, cpus: 2 } });
  folder = mkdtempSync(join(tmpdir(), "voyager-bypass-"));
  mustSync("chmod", ["755", folder]);
  copyFileSync(join(root, "tests/broker/attack.cjs"), join(folder, "attack.cjs"));
  const { debian12 } = JSON.parse(
    readFileSync(join(await voyagerCommand(), "../../share/nix-voyager/systems.json"), "utf8"),
  ) as { debian12: Record<string, unknown> };
  const base = await must("docker", ["images", "--quiet", "--no-trunc", "nix-voyager/base"]);
  const foreignImage = base.split("\n")[0] ?? "";
  const containerName = `bypass-victim-${runId}`;
  const victim = ["run", "--detach", "--rm", "--name", containerName, "--entrypoint", "sleep"];
  const container = await must("docker", [...victim, foreignImage, "600"]);
  const own = owned(join(folder, "own"), attacker);
  const foreign = owned(join(folder, "foreign"), another);
  symlinkSync(foreign, join(folder, "link"));
  const chroot = `/nix/store/${"0".repeat(32)}-${runId}.drv.chroot`;
  mkdirSync(chroot, { mode: 0o750 });
  writeFileSync(join(chroot, "lock"), "secret of root");
  const unfinishedPath = owned(`/nix/store/${"0".repeat(32)}-unfinished-${runId}`, another);
  scene = {
    ...{ image: "", foreignImage, container, containerName, own, foreign, link: join(folder, "link") },
    storePath: join(await voyagerCommand(), "../.."),
    missingPath: `/nix/store/${"1".repeat(32)}-missing`,
    unfinishedPath,
    chroot,
    system: debian12,
  };
  const list = listOf([]);
  const args = [...asAttacker, process.execPath, join(folder, "attack.cjs"), broker.socket, list];
  const [answer] = JSON.parse(
    execFileSync("unshare", args, { stdio: ["ignore", "pipe", "inherit"] }).toString(),
  ) as Answer[];
  scene.image = events(answer).find(({ event }) => event === "environment")?.environment?.image ?? "";
});
afterAll(async () => {
  await broker.stop();
  await run("docker", ["rm", "--force", scene.containerName]);
  for (const path of [folder, scene.unfinishedPath, scene.chroot])
    rmSync(path, { recursive: true, force: true });
  await broker.expectNothingLeft();
});

test("what the attempts are made from is allowed as it is", () => {
  expect(scene.image).toMatch(/^sha256:/);
  const [answer] = attack(one(allowedRun(scene)));
  expect(answer?.how).toBe("started");
});

/** None was allowed, each is in the trail, and the engine was asked for nothing. */
function expectAllRefused(answers: Answer[], refusals: number): void {
  const let_ = answers.filter(
    (answer) =>
      !["closed", "ECONNRESET", "EPIPE"].includes(answer.how) ||
      events(answer).some(({ event }) => event !== "error") ||
      answer.frames.some(([kind]) => kind === 0x11 || kind === 0x12),
  );
  expect(let_).toEqual([]);
  expect(refusals).toBe(answers.length);
}

const created = (since: number) =>
  must("docker", [
    ...["events", "--since", String(since), "--until", String(Math.ceil(Date.now() / 1000) + 1)],
    ...[
      "--filter",
      "type=container",
      "--filter",
      "event=create",
      "--filter",
      `label=nix-voyager.user=${attacker}`,
    ],
    ...["--format", "{{.Actor.Attributes.name}}"],
  ]);
const refusedSince = (count: number) => {
  const lines = broker.trail().slice(count);
  expect(lines.filter(({ decision, want }) => decision === "allowed" && want === "run")).toEqual([]);
  return lines.filter(({ decision }) => decision === "refused").length;
};

test(`each of ${corpus.length} attempts is refused and logged`, async () => {
  expect(corpus.length).toBeGreaterThanOrEqual(120);
  const names = corpus.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  const before = broker.trail().length;
  const since = Math.ceil(Date.now() / 1000) + 1;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const answers = attack(corpus.map(({ name, sent }) => ({ name, sent: sent(scene) })));
  expectAllRefused(answers, refusedSince(before));
  expect(await created(since)).toBe("");
  expect(await must("docker", ["inspect", "--format", "{{.State.Running}}", scene.container])).toBe("true");
  tell(`bypass corpus: ${answers.length} attempts by ${attacker}, all refused and logged`);
}, 120_000);

test("the same from a derivation in the Nix sandbox", async () => {
  const before = broker.trail().length;
  const list = listOf(
    corpus.map(({ name, sent }) => ({ name, sent: sent(scene) })),
    "corpus.json",
  );
  const [output = ""] = await mustBuild(
    `let node = voyager.helper.command; in derivation {
      name = "bypass-${runId}"; system = builtins.currentSystem; builder = builtins.head node;
      args = builtins.genList (n: builtins.elemAt node (n + 1)) (builtins.length node - 2)
        ++ [ "\${${root}/tests/broker/attack.cjs}" "/run/nix-voyager/broker.sock" "\${${list}}" (builtins.placeholder "out") ];
    }`,
    broker.nixOptions,
  );
  const answers = withoutFirst(JSON.parse(readFileSync(output, "utf8")) as Answer[]);
  expect(answers.length).toBe(corpus.length);
  expectAllRefused(answers, refusedSince(before));
  tell(`bypass corpus: ${answers.length} attempts from the Nix sandbox, all refused and logged`);
}, 120_000);

test("a folder that becomes a link between check and use", async () => {
  // Swapped as fast as it goes, while containers are asked for that print what they find.
  const [place, aside] = [join(scene.own, "../swap"), join(scene.own, "../aside")];
  owned(place, attacker);
  symlinkSync(scene.foreign, `${place}.link`);
  let swaps = 0;
  let isOver = false;
  const swapping = (async () => {
    while (!isOver) {
      for (let count = 0; count < 200; count++) {
        renameSync(place, aside);
        renameSync(`${place}.link`, place);
        renameSync(place, `${place}.link`);
        renameSync(aside, place);
        swaps++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const request = {
    ...allowedRun(scene),
    command: ["cat", "/build/secret"],
    mounts: [{ source: place, target: "/build", readOnly: false }],
  };
  const list = listOf(Array.from({ length: 30 }, () => one(request)).flat(), "swap.json");
  const output = join(folder, "own", "swapped");
  await must("unshare", [
    ...asAttacker,
    ...[process.execPath, join(folder, "attack.cjs"), broker.socket, list, output],
  ]);
  isOver = true;
  await swapping;
  const answers = withoutFirst(JSON.parse(readFileSync(output, "utf8")) as Answer[]);
  const said = answers.flatMap(({ frames }) =>
    frames.filter(([kind]) => kind === 0x11).map(([, text]) => text),
  );
  expect(said.join("")).not.toContain(`of ${another}`);
  tell(
    `${swaps} swaps, ${answers.length} containers asked for: ${answers.filter(({ how }) => how === "started").length} saw their own folder, the others were refused`,
  );
}, 120_000);

test.each([
  ["root", "nixbld", "root may not ask"],
  ["nobody", "nogroup", ""],
])("%s may not ask", (user, group, why) => {
  const list = listOf(one(allowedRun(scene)));
  const args = ["--reuid", user, "--regid", group, "--clear-groups", process.execPath];
  const output = execFileSync("setpriv", [...args, join(folder, "attack.cjs"), broker.socket, list]);
  const [answer] = JSON.parse(output.toString()) as Answer[];
  // Who is not of the group does not even get a connection.
  if (why === "") expect(answer?.how).toBe("EACCES");
  else expect(JSON.stringify(answer?.frames)).toContain(why);
});

/** A Python program of the attacker's, who has the broker's socket as its argument. Resolves with what it prints. */
async function python(program: string, ...args: string[]): Promise<string> {
  const script = join(folder, "program.py");
  writeFileSync(script, program);
  return must("unshare", [...asAttacker, "/usr/bin/python3", script, broker.socket, ...args]);
}

test("a connection that is handed on ends with the process that made it", async () => {
  const output = await python(
    `
import os, socket, struct, sys, time
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
if os.fork(): os._exit(0)
time.sleep(0.5)
request = open(sys.argv[2], "rb").read()
try:
  connection.sendall(struct.pack(">BI", 1, len(request)) + request)
  connection.settimeout(5)
  answer = b""
  while True:
    data = connection.recv(65536)
    if not data: break
    answer += data
except OSError as error: answer = repr(error).encode()
sys.stdout.buffer.write(answer)
`,
    requestFile(allowedRun(scene)),
  );
  expect(output).not.toContain("started");
  expect(output).not.toContain(`of ${attacker}`);
  expect(broker.trail().at(-1)).toMatchObject({ decision: "refused" });
});

function requestFile(request: object): string {
  const file = join(folder, "request.json");
  writeFileSync(file, JSON.stringify(request));
  return file;
}

test("one user's many connections keep no other out", async () => {
  const opening = python(`
import socket, sys, time
held = []
for number in range(1500):
  try:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    held.append(connection)
  except OSError: pass
time.sleep(3)
`);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // Nix takes another user of its own for it.
  await mustBuild(`build { pname = "beside"; buildScript = "touch $out/file"; }`, broker.nixOptions);
  await opening;
}, 60_000);

test("a frame that comes byte by byte takes no more memory than the frame", async () => {
  const before = broker.peakMemory();
  await python(`
import socket, struct, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(struct.pack(">BI", 1, 4000000))
try:
  for number in range(400000): connection.send(b"x")
except OSError: pass
`);
  expect(broker.peakMemory() - before).toBeLessThan(60e6);
}, 60_000);

test("one user has two containers at once, and again when they have gone", async () => {
  const connect = `
import json, socket, struct, sys, time
def ask(request):
  connection = socket.socket(socket.AF_UNIX)
  connection.connect(sys.argv[1])
  text = json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode()
  connection.sendall(struct.pack(">BI", 1, len(text)) + text)
  connection.settimeout(10)
  answer = b""
  while b'"started"' not in answer and b'"error"' not in answer and b'"environment"' not in answer:
    data = connection.recv(65536)
    if not data: break
    answer += data
  return connection, "started" if b'"started"' in answer else "refused" if b"containers already" in answer else answer.decode(errors="replace")
environment, run = json.load(open(sys.argv[2]))
ask(environment)
held = [ask(run) for number in range(3)]
print([how for connection, how in held])
for connection, how in held: connection.close()
time.sleep(1)
print(ask(run)[1])
`;
  const run = { ...allowedRun(scene), command: ["sleep", "30"] };
  const file = join(folder, "two.json");
  writeFileSync(file, JSON.stringify([allowedEnvironment(scene), run]));
  expect(await python(connect, file)).toBe("['started', 'started', 'refused']\nstarted");
}, 60_000);
