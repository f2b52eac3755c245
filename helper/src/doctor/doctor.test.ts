import fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { FakeDaemon, json } from "../../testing/fake-daemon.ts";
import { FakeEngine } from "../../testing/fake-engine.ts";
import { temporaryFolders } from "../../testing/folders.ts";
import { labels } from "../environment/labels.ts";
import { checkBaseImages, checkBroker, checkBuildSocket, checkClock, reachEngine } from "./engine-checks.ts";
import { checkCertificates, checkDisk } from "./host-checks.ts";
import { checkNix, isSandboxed, type NixConfig } from "./nix-checks.ts";

const folder = temporaryFolders();
afterEach(() => jest.restoreAllMocks());

const nix = (change: Partial<NixConfig> = {}): NixConfig => ({
  version: "nix (Nix) 2.8.0",
  systemFeatures: ["benchmark", "docker"],
  sandbox: "true",
  sandboxPaths: ["/bin/sh=/bin/busybox", "/run/nix-voyager"],
  remoteBuilders: [],
  ...change,
});

describe("nix", () => {
  const statuses = (config: NixConfig | null) =>
    checkNix(config).map(({ name, status }) => `${name}: ${status}`);

  test("all is well", () => {
    expect(statuses(nix())).toEqual(["nix: ok", "nix feature: ok", "nix sandbox: ok"]);
  });

  test("not installed", () => {
    expect(checkNix(null)).toMatchObject([{ status: "bad", remedy: expect.stringContaining("nix-bin") }]);
  });

  test("without the feature, builds would queue in silence", () => {
    const finding = checkNix(nix({ systemFeatures: ["kvm"] }))[1];
    expect(finding).toMatchObject({ name: "nix feature", status: "bad" });
    expect(finding?.detail).toContain("system-features is kvm");
    expect(finding?.remedy).toContain("extra-system-features = docker");
  });

  test.each([
    [["/run/nix-voyager"], "ok"],
    [["/run/nix-voyager?"], "ok"],
    [["/run/nix-voyager=/var/elsewhere"], "ok"],
    [["/run/nix-voyager/engine.sock"], "ok"],
    [["/var/elsewhere=/run/nix-voyager"], "bad"],
    [["/run/nix-voyager-other"], "bad"],
    [[], "bad"],
  ])("sandbox with %p: %s", (sandboxPaths, status) => {
    expect(checkNix(nix({ sandboxPaths }))[2]?.status).toBe(status);
  });

  test("no sandbox is a warning; a relaxed one is a sandbox", () => {
    expect(checkNix(nix({ sandbox: "false", sandboxPaths: [] }))[2]?.status).toBe("warning");
    expect([
      isSandboxed(nix({ sandbox: "relaxed" })),
      isSandboxed(nix({ sandbox: "false" })),
      isSandboxed(null),
    ]).toEqual([true, false, false]);
  });
});

describe("engine", () => {
  test("one that answers", async () => {
    const daemon = await new FakeDaemon().listen();
    daemon.on("GET /info", json({ ServerVersion: "20.10.24" }));
    const { finding, engine } = await reachEngine(daemon.socket);
    expect(finding.detail).toBe(`version 20.10.24 at ${daemon.address} (--engine)`);
    expect(engine).toBeDefined();
    daemon.close();
  });

  test.each(["/nowhere/engine.sock", "nonsense"])("%s", async (address) => {
    const { finding, engine } = await reachEngine(address);
    expect(finding.status).toBe("bad");
    expect(finding.remedy).not.toBe("");
    expect(engine).toBeUndefined();
  });

  test("base images", async () => {
    const engine = new FakeEngine();
    expect(await checkBaseImages(engine)).toMatchObject({
      status: "warning",
      remedy: expect.stringContaining("voyager image bootstrap"),
    });
    engine.add("nix-voyager/base:1", { labels: { [labels.kind]: "base", [labels.system]: "debian12" } });
    expect(await checkBaseImages(engine)).toMatchObject({ status: "ok", detail: "debian12" });
  });

  test.each<[number | null, string]>([
    [null, "ok"],
    [0, "ok"],
    [4, "ok"],
    [60, "warning"],
    [-60, "warning"],
  ])("a clock that is off by %p s: %s", (seconds, status) => {
    const time = seconds === null ? null : new Date(Date.now() + seconds * 1000);
    expect(checkClock({ name: "e", version: "1", time, dataFolder: null }).status).toBe(status);
  });
});

describe("the socket for builds", () => {
  const groups = "root:x:0:\nnixbld:x:30000:nixbld1,nixbld2\ndocker:x:998:nixbld1\nother:x:7:\n";

  /** A machine with these groups and such a socket. */
  function machine(text: string, socket: { gid: number; mode: number } | null): void {
    const { readFileSync, existsSync, statSync } = fs;
    const isSocket = (path: unknown) => String(path).endsWith(".sock");
    jest
      .spyOn(fs, "readFileSync")
      .mockImplementation(((path: string, options: "utf8") =>
        path === "/etc/group" ? text : readFileSync(path, options)) as typeof fs.readFileSync);
    jest
      .spyOn(fs, "existsSync")
      .mockImplementation((path) => (isSocket(path) ? socket !== null : existsSync(path)));
    jest
      .spyOn(fs, "statSync")
      .mockImplementation(((path: string) =>
        isSocket(path) ? socket : statSync(path)) as typeof fs.statSync);
  }

  test.each<[string, { gid: number; mode: number } | null, boolean, string, string]>([
    ["not there", null, true, "bad", "setup/quickstart"],
    ["its group is the builders'", { gid: 30000, mode: 0o140660 }, true, "ok", ""],
    ["their group may only read", { gid: 30000, mode: 0o140640 }, true, "bad", "chmod 660"],
    ["open to everybody", { gid: 0, mode: 0o140666 }, true, "warning", "chgrp nixbld"],
    ["by supplementary groups, in the sandbox", { gid: 998, mode: 0o140660 }, true, "bad", "chgrp nixbld"],
    ["by supplementary groups, without", { gid: 998, mode: 0o140660 }, false, "ok", ""],
    ["another group", { gid: 7, mode: 0o140660 }, false, "bad", "usermod -aG other nixbld1"],
  ])("%s", (_name, socket, sandboxed, status, remedy) => {
    machine(groups, socket);
    const finding = checkBuildSocket(sandboxed);
    expect(finding.status).toBe(status);
    expect(finding.remedy).toContain(remedy);
  });

  test("no group of builders: builds run as who starts them", () => {
    machine("root:x:0:\n", null);
    expect(checkBuildSocket(false)).toMatchObject({ status: "warning", detail: "there is no group nixbld" });
  });
});

describe("the broker", () => {
  test("none, one that listens, and the socket of one that was killed", async () => {
    const path = join(folder(), "broker.sock");
    expect(await checkBroker(path)).toEqual([]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await checkBroker(path)).toMatchObject([{ status: "ok", detail: `listens at ${path}` }]);
    fs.linkSync(path, `${path}.left`);
    await new Promise((resolve) => server.close(resolve));
    const [finding] = await checkBroker(`${path}.left`);
    expect(finding).toMatchObject({ status: "bad", detail: `nobody listens at ${path}.left` });
    expect(finding?.remedy).toContain("systemctl start nix-voyager-broker");
  });
});

describe("machine", () => {
  const gigabyte = 1e9;

  test.each([
    [0.5, "bad"],
    [3, "warning"],
    [50, "ok"],
  ])("%p GB free: %s", (free, status) => {
    const statistics = { bavail: free * gigabyte, bsize: 1, blocks: 100 * gigabyte };
    jest.spyOn(fs, "statfsSync").mockReturnValue(statistics as ReturnType<typeof fs.statfsSync>);
    const finding = checkDisk("the store", "/");
    expect(finding.status).toBe(status);
    expect(finding.detail).toBe(`${free.toFixed(1)} GB free at /`);
  });

  test("a disk of another machine is not ours to judge", () => {
    expect(checkDisk("the engine", "/nowhere/docker")).toMatchObject({
      status: "ok",
      detail: "/nowhere/docker is not on this machine",
    });
  });

  test("a bundle that is named must exist", () => {
    const before = process.env.NIX_SSL_CERT_FILE;
    const bundle = join(folder(), "ca.pem");
    process.env.NIX_SSL_CERT_FILE = bundle;
    expect(checkCertificates()).toMatchObject({ status: "bad", detail: `${bundle} does not exist` });
    fs.writeFileSync(bundle, "");
    expect(checkCertificates()).toMatchObject({ status: "ok", detail: bundle });
    if (before === undefined) delete process.env.NIX_SSL_CERT_FILE;
    else process.env.NIX_SSL_CERT_FILE = before;
  });
});
