/** Builds whose cost is counted: requests to the engine, what passes through its socket, the helper's memory. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import { EngineProxy, type Recorded } from "./engine-proxy.ts";
import { mustBuild } from "./nix.ts";
import { mustSync } from "./run.ts";

/** Milliseconds that a request waits before it goes on to the engine. */
const held = 40;

/**
 * An engine that takes its time. One that answers at once can have answered the first of two requests before a
 * busy machine has sent the second, which did not wait for that.
 */
class SlowEngineProxy extends EngineProxy {
  protected override forward(request: IncomingMessage, response: ServerResponse, recorded: Recorded): void {
    setTimeout(() => super.forward(request, response, recorded), held);
  }
}

/** What a build took. */
export interface Cost {
  outputs: string[];
  requests: Recorded[];
  /** Bytes of bodies, to the engine and from it. */
  bytesIn: number;
  bytesOut: number;
}

/** The machine's engine behind a socket that counts, which builds find in the place of its own. */
export class CountedEngine {
  private constructor(
    /** What a sandbox sees as /run/nix-voyager: no broker, so builds use the engine itself. */
    readonly folder: string,
    private readonly proxy: EngineProxy,
  ) {}

  static async start(): Promise<CountedEngine> {
    const folder = mkdtempSync(join(tmpdir(), "voyager-counted-"));
    mustSync("chmod", ["755", folder]);
    const group = Number(mustSync("getent", ["group", "nixbld"]).split(":")[2]);
    const proxy = await new SlowEngineProxy(join(folder, "engine.sock"), { mode: 0o660, group }).listen();
    return new CountedEngine(folder, proxy);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Options by which nix-build lets this engine into the sandbox, and nothing else. */
  get nixOptions(): string[] {
    return ["--option", "sandbox-paths", `/run/nix-voyager=${this.folder}`];
  }

  /** Builds an expression (see `mustBuild`). One at a time: all requests until it ends are taken for its own. */
  async build(expression: string, args: string[] = []): Promise<Cost> {
    const before = this.proxy.requests.length;
    const outputs = await mustBuild(expression, [...this.nixOptions, ...args]);
    const requests = this.proxy.requests.slice(before);
    const sum = (name: "bytesIn" | "bytesOut") => requests.reduce((total, one) => total + one[name], 0);
    return { outputs, requests, bytesIn: sum("bytesIn"), bytesOut: sum("bytesOut") };
  }
}

/**
 * How many requests come one after another at least: the longest row of which each began when the one before
 * it had been answered. Requests that wait for the build itself overlap with others, and count as little.
 */
export function inSequence(requests: Recorded[]): number {
  const spans = requests
    .map(({ path, startedAt, answeredAt, endedAt }) => {
      const isAttached = path.endsWith("/attach");
      const end = (isAttached ? answeredAt : endedAt) ?? Number.POSITIVE_INFINITY;
      return { startedAt, end };
    })
    .sort((a, b) => a.end - b.end);
  let last = Number.NEGATIVE_INFINITY;
  let length = 0;
  for (const { startedAt, end } of spans) {
    if (startedAt < last) continue;
    length++;
    last = end;
  }
  return length;
}

/** Requests as lines to read, for the message of a test. */
export function told(requests: Recorded[]): string {
  return requests
    .map(({ method, path, query, status }) => {
      const short = path.replaceAll(/[0-9a-f]{64}/g, (id) => id.slice(0, 8));
      return `${method} ${short} ${JSON.stringify(query)} ${status}`;
    })
    .join("\n");
}

/**
 * The most memory that the helper held while it built derivations of this name, in bytes. Linux keeps
 * the peak, so looking now and then is enough. What is watched is the process that Nix started.
 */
export async function peakMemory(pname: string, build: Promise<unknown>): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes("NIX_BUILD_TOP=/build")) continue;
        if (!readFileSync(`/proc/${pid}/root/build/.attrs.json`, "utf8").includes(`"${pname}-`)) continue;
        const status = readFileSync(`/proc/${pid}/status`, "latin1");
        peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
      } catch {
        // It has ended, or is none of ours.
      }
    }
  }, 20);
  try {
    await build;
    return peak;
  } finally {
    clearInterval(timer);
  }
}
