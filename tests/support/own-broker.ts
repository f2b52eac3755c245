/** A broker of a test's own, at a socket of its own, with the policy that the test gives it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { voyagerCommand } from "./nix.ts";
import { mustSync } from "./run.ts";

/** A line of the audit trail. */
export interface TrailLine {
  decision?: "allowed" | "refused";
  why?: string;
  user?: string;
  want?: string;
  writes?: string[];
  ended?: string;
  msg?: string;
  /** Of the container that is told of. */
  name?: string;
  /** 50: the broker itself has failed. */
  level: number;
}

export class OwnBroker {
  /** What a sandbox must see as /run/nix-voyager. */
  readonly folder = mkdtempSync(join(tmpdir(), "voyager-broker-"));
  readonly socket = join(this.folder, "broker.sock");
  readonly #trail = `${this.folder}.trail`;
  readonly #policy = `${this.folder}.json`;
  readonly #mounts = `${this.folder}.mounts`;
  readonly #all: ChildProcess[] = [];

  private constructor(
    private readonly engine: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly launcher: (socket: string) => string[],
  ) {}

  /**
   * @param policy see docs/broker.md; the default has the library's systems
   * @param env variables that differ from ours
   * @param launcher what starts it, given its socket
   */
  static async start(
    policy: object = {},
    engine = "unix:///var/run/docker.sock",
    env: NodeJS.ProcessEnv = {},
    launcher: (socket: string) => string[] = () => [],
  ): Promise<OwnBroker> {
    const broker = new OwnBroker(engine, env, launcher);
    mustSync("chmod", ["755", broker.folder]);
    writeFileSync(broker.#policy, JSON.stringify(policy));
    await broker.another();
    return broker;
  }

  /** Starts one more, which takes the place of the one before. */
  async another(): Promise<ChildProcess> {
    const inode = () => (existsSync(this.socket) ? mustSync("stat", ["-c", "%i", this.socket]) : "");
    const before = inode();
    const options = ["--socket", this.socket, "--policy", this.#policy, "--trail", this.#trail];
    const own = [
      await voyagerCommand(),
      "--engine",
      this.engine,
      "broker",
      ...options,
      "--mounts",
      this.#mounts,
    ];
    const [program = "", ...args] = [...this.launcher(this.socket), ...own];
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...this.env },
    });
    this.#all.push(child);
    let complaints = "";
    child.stderr?.on("data", (data: Buffer) => {
      complaints += data.toString();
    });
    while (inode() === before) {
      if (child.exitCode !== null) throw new Error(`the broker ended: ${complaints}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return child;
  }

  /** The one that was started last. */
  get process(): ChildProcess {
    return this.#all.at(-1) as ChildProcess;
  }

  /** Options by which nix-build lets this broker into the sandbox, and nothing else. */
  get nixOptions(): string[] {
    return ["--option", "sandbox-paths", `/run/nix-voyager=${this.folder}`];
  }

  trail(): TrailLine[] {
    if (!existsSync(this.#trail)) return [];
    return readFileSync(this.#trail, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as TrailLine);
  }

  /** Resolves when there is such a line after so many; a build does not wait for the last one that tells of it. */
  async whenTrail(is: (line: TrailLine) => boolean, after = 0): Promise<void> {
    const end = Date.now() + 10_000;
    while (!this.trail().slice(after).some(is)) {
      if (Date.now() > end) throw new Error(`not in the trail: ${JSON.stringify(this.trail().slice(after))}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Where folders of builds are mounted for the engine at this moment. */
  mounts(): string[] {
    return readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(` ${this.#mounts}/`));
  }

  /** Fails when containers of this broker, or of those before it, are there after so many seconds. */
  async expectNothingLeft(seconds = 5): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    let left: string[] = [];
    do {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const format = '{{.ID}} {{.Status}} {{.Label "nix-voyager.broker"}}';
      const filter = ["--filter", "label=nix-voyager.broker", "--format", format];
      const all = mustSync("docker", ["ps", "-a", "--no-trunc", ...filter]).split("\n");
      left = all.filter((line) => this.#all.some(({ pid }) => line.includes(` ${pid}:`)));
    } while (left.length > 0 && Date.now() < deadline);
    expect(left).toEqual([]);
  }

  /** Bytes of memory that the last one has taken at most. */
  peakMemory(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    for (const child of this.#all) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        child.kill("SIGINT"); // at once; two of one kind might be taken for one
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2000))]);
        child.kill("SIGKILL");
        await ended;
      }
    }
    for (const path of [this.folder, this.#trail, this.#policy, this.#mounts]) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
