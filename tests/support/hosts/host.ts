/**
 * A machine of a test's own on this one. It has its own processes, network, mounts and name; its own /etc with
 * users of its own; its own Nix store, engine and /run; and none of this machine's. The kernel and the programs
 * are this machine's. It can lose its power: what is on its disk then stays, and nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { descendants } from "../own-engine.ts";
import { must, mustSync, type Result, run, type RunOptions } from "../run.ts";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What differs between machines. */
export interface HostOptions {
  name: string;
  /** Of no two the same: ids of its users, its addresses. */
  number: number;
  /** Whether it sees this machine's /tmp, where the checkout and files of the test may be. */
  seesTmp: boolean;
}

export class Host {
  /** A file system of its own, that outlives its power. */
  readonly disk: string;
  readonly name: string;
  #init: ChildProcess | null = null;
  #pid = 0;

  constructor(private readonly options: HostOptions) {
    this.name = options.name;
    this.disk = mkdtempSync(join(tmpdir(), `voyager-host-${options.name}-`));
    mustSync("mount", ["-t", "tmpfs", "-o", "size=4g,mode=755", "voyager-test", this.disk]);
    for (const folder of ["nix", "root", "docker", "logs"]) mkdirSync(join(this.disk, folder));
    mustSync("cp", ["-a", "/etc", join(this.disk, "etc")]);
    rmSync(join(this.disk, "etc/nix"), { recursive: true, force: true });
    mkdirSync(join(this.disk, "etc/nix"));
    this.#addUsers();
  }

  /**
   * Build users whose ids nobody else has: a Nix ends all processes of its build user, on this machine too, where
   * those of ours can be seen. And one for others to build as, who has no password, but is not locked either.
   */
  #addUsers(): void {
    const first = 43_000 + this.options.number * 100;
    const gid = mustSync("getent", ["group", "nixbld"]).split(":")[2];
    const builders = [1, 2, 3, 4].map((number) => `nixbld${number}`);
    const replace = (file: string, lines: string[]) => {
      const at = join(this.disk, "etc", file);
      const kept = readFileSync(at, "utf8")
        .split("\n")
        .filter((line) => line !== "" && !/^(nixbld\d*|nix-remote):/.test(line));
      writeFileSync(at, `${[...kept, ...lines].join("\n")}\n`);
    };
    const user = (name: string, id: number, group: unknown, home: string, shell: string) =>
      `${name}:x:${id}:${group}::${home}:${shell}`;
    replace("group", [`nixbld:x:${gid}:${builders.join(",")}`, `nix-remote:x:${first}:`]);
    replace("passwd", [
      ...builders.map((name, index) => user(name, first + 1 + index, gid, "/var/empty", "/bin/false")),
      user("nix-remote", first, first, "/run/nix-remote", "/bin/sh"),
    ]);
    replace("shadow", [...builders.map((name) => `${name}:!:1::::::`), "nix-remote:*:1::::::"]);
  }

  /** Writes a file of its /etc or /root, "/etc/nix/nix.conf". */
  write(file: string, text: string, mode = 0o644): void {
    mkdirSync(join(this.disk, file, ".."), { recursive: true });
    writeFileSync(join(this.disk, file), text, { mode });
  }

  /** Starts it: nothing runs on it yet but its process 1. */
  async powerOn(): Promise<void> {
    const { disk } = this;
    const script = `
      hostname '${this.name}'
      ip link set lo up
      for place in nix etc root; do mount --bind '${disk}'/$place /$place; done
      mkdir -p /var/lib/docker
      mount --bind '${disk}/docker' /var/lib/docker
      mount -t tmpfs -o mode=755 run /run
      mkdir -p /run/sshd /run/nix-voyager /run/nix-remote /run/lock
      chown nix-remote: /run/nix-remote
      ${this.options.seesTmp ? "" : "mount -t tmpfs -o mode=1777 tmp /tmp"}
      echo is on
      exec docker-init -- sleep infinity`;
    const namespaces = ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--mount-proc"];
    const init = spawn("unshare", [...namespaces, "--kill-child", "sh", "-ec", script], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: path },
    });
    let said = "";
    for (const stream of [init.stdout, init.stderr]) {
      stream.on("data", (data: Buffer) => {
        said += data.toString();
      });
    }
    for (const deadline = Date.now() + 20_000; !said.includes("is on"); await sleep(20)) {
      if (init.exitCode !== null || Date.now() > deadline) {
        throw new Error(`${this.name} did not start: ${said}`);
      }
    }
    this.#init = init;
    this.#pid = descendants(init.pid as number)[0]?.pid ?? 0;
    if (this.#pid === 0) throw new Error(`${this.name} has no process 1`);
  }

  /** Id of its process 1, as this machine counts. */
  get pid(): number {
    return this.#pid;
  }

  /** Ends all of its processes at once. */
  async powerOff(): Promise<void> {
    const init = this.#init;
    if (init === null) return;
    const ended = new Promise((resolve) => init.once("exit", resolve));
    process.kill(this.#pid, "SIGKILL");
    await ended;
    this.#init = null;
  }

  /** What comes before a command that is to run on it. */
  #enter(variables: Record<string, string> = {}): string[] {
    const namespaces = ["--mount", "--net", "--pid", "--uts", "--ipc"];
    const all = { PATH: path, HOME: "/root", USER: "root", LC_ALL: "C.UTF-8", ...variables };
    const set = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    return ["nsenter", "--target", String(this.#pid), ...namespaces, "env", "-i", ...set];
  }

  /** Runs a script on it, as root. */
  run(script: string, options: RunOptions = {}): Promise<Result> {
    const [command = "", ...args] = [...this.#enter(), "sh", "-ec", script];
    return run(command, args, options);
  }

  /** Runs a script that must succeed; its output. */
  must(script: string, options: RunOptions = {}): Promise<string> {
    const [command = "", ...args] = [...this.#enter(), "sh", "-ec", script];
    return must(command, args, options);
  }

  /** Starts a service, and waits until `isReady`, a script, succeeds on it. */
  async serve(name: string, command: string, isReady: string): Promise<void> {
    const log = join(this.disk, "logs", name);
    const output = openSync(log, "a");
    const [program = "", ...args] = [...this.#enter(), "sh", "-ec", `exec ${command}`];
    const service = spawn(program, args, { stdio: ["ignore", output, output], detached: true });
    closeSync(output);
    service.on("error", (error) => appendFileSync(log, String(error)));
    for (const deadline = Date.now() + 60_000; (await this.run(isReady)).status !== 0; await sleep(100)) {
      if (service.exitCode !== null || service.signalCode !== null || Date.now() > deadline) {
        throw new Error(`${name} did not start on ${this.name}:\n${readFileSync(log, "utf8").slice(-3000)}`);
      }
    }
  }

  /** All that its services have written, for messages. */
  logs(): string {
    const folder = join(this.disk, "logs");
    return readdirSync(folder)
      .filter((name) => statSync(join(folder, name)).size > 0)
      .map((name) => `--- ${this.name}: ${name}\n${readFileSync(join(folder, name), "utf8").slice(-3000)}`)
      .join("\n");
  }

  /** Ends it, and removes all that it had. */
  async remove(): Promise<void> {
    await this.powerOff();
    // The kernel takes its mounts away a moment after its last process.
    for (let tries = 0; tries < 50; tries++) {
      if ((await run("umount", [this.disk])).status === 0) break;
      await sleep(100);
    }
    rmSync(this.disk, { recursive: true, force: true });
  }
}
