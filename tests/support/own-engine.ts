/**
 * An engine of a test's own: a second dockerd, to be killed and its disk to be filled. It has a network
 * namespace of its own, so the machine's interfaces are not its business (told to have no bridge, dockerd
 * removes the one that is there), and containers with a network reach nothing beyond it. All that it keeps
 * is in one folder, a file system in memory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "../../helper/src/engine/docker/connection.ts";
import { must, run } from "./run.ts";

/** A container as the engine lists it. */
export interface Listed {
  Id: string;
  Image: string;
  State: string;
  Names: string[];
  Labels: Record<string, string>;
  Mounts: { Name?: string }[];
}

/** A process and its arguments, with spaces between. */
export interface Process {
  pid: number;
  command: string;
}

export class OwnEngine {
  /** Holds the socket and nothing else: what builds see at /run/nix-voyager. */
  readonly socketFolder: string;
  readonly socket: string;
  readonly address: string;
  /** What dockerd writes. */
  readonly log: string;
  readonly connection: Connection;
  #daemon: ChildProcess | null = null;

  private constructor(readonly folder: string) {
    this.socketFolder = join(folder, "run");
    this.socket = join(this.socketFolder, "engine.sock");
    this.address = `unix://${this.socket}`;
    this.log = join(folder, "dockerd.log");
    this.connection = new Connection(this.address);
  }

  /** Starts one. @param size of its disk, as mount(8) has it */
  static async start(size = "4g"): Promise<OwnEngine> {
    const engine = new OwnEngine(mkdtempSync(join(tmpdir(), "voyager-engine-")));
    const { folder } = engine;
    await must("chmod", ["755", folder]);
    for (const name of ["run", "data"]) mkdirSync(join(folder, name));
    await must("mount", ["-t", "tmpfs", "-o", `size=${size},mode=711`, "voyager-test", join(folder, "data")]);
    await engine.startAgain();
    return engine;
  }

  /** Starts dockerd, and resolves when it answers. */
  async startAgain(): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    const output = openSync(this.log, "a");
    // Its own namespace of containerd, too: where the system has one, dockerd takes that.
    const namespace = `voyager-test-${process.pid}`;
    const args = [
      ...["--net", "dockerd", "--host", this.address, "--group", "nixbld", "--pidfile", at("dockerd.pid")],
      ...["--config-file", at("daemon.json"), "--data-root", at("data"), "--exec-root", at("exec")],
      ...["--containerd-namespace", namespace, "--containerd-plugins-namespace", `${namespace}-plugins`],
      ...["--iptables=false", "--ip-forward=false", "--ip-masq=false", "--log-level", "warn"],
    ];
    // A process that nobody has waited for yet would be taken for one that runs.
    for (const file of ["dockerd.pid", "exec/containerd/containerd.pid"]) rmSync(at(file), { force: true });
    await must("sh", ["-c", `echo '{}' >'${at("daemon.json")}'`]);
    const daemon = spawn("unshare", args, { stdio: ["ignore", output, output], detached: true });
    this.#daemon = daemon;
    const deadline = Date.now() + 60_000;
    for (;;) {
      if (
        await this.connection.json({ method: "GET", path: "/info" }).then(
          () => true,
          () => false,
        )
      )
        return;
      if (daemon.exitCode !== null || Date.now() > deadline) {
        throw new Error(
          `the test's own engine did not start:\n${readFileSync(this.log, "utf8").slice(-3000)}`,
        );
      }
      await sleep(50);
    }
  }

  /** Kills dockerd: its containers go on, as their shims do. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null) return;
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGKILL");
    await ended;
    this.#daemon = null;
  }

  /** Kills all there is at once, as when a machine loses its power. */
  async crash(): Promise<void> {
    await this.kill();
    await this.#killAll();
  }

  /** Kills what is left without dockerd, be it in the middle of starting more. */
  async #killAll(): Promise<void> {
    for (;;) {
      const all = [...this.#containerProcesses(), ...this.processes().map(({ pid }) => pid)];
      if (all.length === 0) return;
      for (const pid of all) killProcess(pid);
      await sleep(20);
    }
  }

  /** Processes that belong to it, but for those in its containers: containerd and shims. A broker only names it. */
  processes(): Process[] {
    return processIds()
      .filter((pid) => /^(unshare|dockerd|containerd|runc)/.test(readOf(pid, "comm")))
      .map(processOf)
      .filter(({ command }) => command.includes(`${this.folder}/`));
  }

  /** Ids of processes in its containers: descendants of shims. */
  #containerProcesses(): number[] {
    const shims = new Set(this.processes().map(({ pid }) => pid));
    const found = new Set<number>();
    const parents = new Map(processIds().map((pid) => [pid, parentOf(pid)]));
    for (const [pid] of parents) {
      let at: number | undefined = pid;
      while (at !== undefined && at > 1 && !shims.has(at)) at = parents.get(at);
      if (at !== undefined && shims.has(at) && !shims.has(pid)) found.add(pid);
    }
    return [...found];
  }

  /** The `docker` command on it. */
  docker(...args: string[]): Promise<string> {
    return must("docker", ["--host", this.address, ...args]);
  }

  /** Gives it an image of the machine's engine. */
  async load(image: string): Promise<void> {
    await must("sh", ["-ec", `docker save '${image}' | docker --host '${this.address}' load`]);
  }

  /** Changes the size of its disk. */
  async resize(size: string): Promise<void> {
    await must("mount", ["-o", `remount,size=${size}`, join(this.folder, "data")]);
  }

  /** Bytes that its disk has free. */
  async free(): Promise<number> {
    return Number(await must("stat", ["-f", "-c", "%a", join(this.folder, "data")])) * 4096;
  }

  /** Containers of builds and environments. */
  async containers(): Promise<Listed[]> {
    const query = { all: true, filters: JSON.stringify({ label: ["nix-voyager.container"] }) };
    return (await this.connection.json({ method: "GET", path: "/containers/json", query })) as Listed[];
  }

  /** Images without a name that have our label. */
  async unnamedImages(): Promise<string[]> {
    const query = { filters: JSON.stringify({ label: ["nix-voyager.kind"], dangling: ["true"] }) };
    const images = await this.connection.json({ method: "GET", path: "/images/json", query });
    return (images as { Id: string }[]).map(({ Id }) => Id);
  }

  /** Volumes that have not our label. */
  async anonymousVolumes(): Promise<string[]> {
    const { Volumes: volumes } = (await this.connection.json({ method: "GET", path: "/volumes" })) as {
      Volumes: { Name: string; Labels: Record<string, string> | null }[] | null;
    };
    return (volumes ?? []).filter(({ Labels }) => !Labels?.["nix-voyager.kind"]).map(({ Name }) => Name);
  }

  /** Ends it, and removes all that it had. */
  async stop(): Promise<void> {
    await this.kill();
    await this.#killAll();
    const mounted = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? "")
      .filter((point) => point.startsWith(`${this.folder}/`))
      .sort((a, b) => b.length - a.length);
    for (const point of mounted) await run("umount", ["--lazy", point]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // it has ended
  }
}

/** Id of a process's parent. */
function parentOf(pid: number): number | undefined {
  // The name may have spaces and brackets in it.
  const fields = readOf(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields[1] === undefined ? undefined : Number(fields[1]);
}

/** Kills a process; succeeds when it has ended. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Processes that a process has started, and theirs, the newest last. */
export function descendants(pid: number): Process[] {
  const children = new Map<number, number[]>();
  for (const one of processIds()) {
    const parent = parentOf(one);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), one]);
  }
  const found: number[] = [];
  for (const next = [...(children.get(pid) ?? [])]; next.length > 0; ) {
    const one = next.shift() as number;
    found.push(one);
    next.push(...(children.get(one) ?? []));
  }
  return found.map(processOf);
}

function processOf(pid: number): Process {
  return { pid, command: readOf(pid, "cmdline").replaceAll("\0", " ") };
}
