/** A machine that evaluates and hands its builds to others: it has Nix, and no engine. */
import { join } from "node:path";
import { must, mustSync, type Result, type RunOptions } from "../run.ts";
import type { Builder } from "./builder.ts";
import { Host } from "./host.ts";

/** A machine that has lost its power says nothing: without these, ssh would wait for it for ever. */
const sshConf = `Host 10.83.*
  IdentityFile /root/.ssh/id_ed25519
  User nix-remote
  BatchMode yes
  ConnectTimeout 5
  ServerAliveInterval 2
  ServerAliveCountMax 3
`;

export class Coordinator {
  readonly host = new Host({ name: "coordinator", number: 0, seesTmp: true });
  readonly publicKey: string;
  #builds = 0;

  constructor() {
    const key = join(this.host.disk, "root/.ssh/id_ed25519");
    mustSync("mkdir", ["-m", "700", join(key, "..")]);
    mustSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "coordinator", "-f", key]);
    this.publicKey = mustSync("cat", [`${key}.pub`]);
    this.host.write("/root/.ssh/config", sshConf, 0o600);
    this.host.write("/etc/nix/nix.conf", "substituters =\nexperimental-features = nix-command\n");
  }

  /** Makes these its remote builders. */
  use(builders: Builder[], jobs: number): void {
    this.host.write("/root/.ssh/known_hosts", builders.map((one) => `${one.knownHost()}\n`).join(""), 0o600);
    this.host.write("/etc/nix/machines", builders.map((one) => `${one.machine(jobs)}\n`).join(""));
  }

  /**
   * Gives its store what is needed to build derivations, but not what they make: the helper would take long to
   * compile, and needs the npm registry.
   */
  async receive(derivations: string[], paths: string[]): Promise<void> {
    const query = async (...args: string[]) => (await must("nix-store", ["--query", ...args])).split("\n");
    const own = new Set(await query("--outputs", ...derivations));
    const all = await query("--requisites", "--include-outputs", ...derivations, ...paths);
    const wanted = all.filter((path) => !own.has(path)).join("\n");
    const list = join(this.host.disk, "root/wanted");
    this.host.write("/root/wanted", `${wanted}\n`);
    await must("sh", ["-ec", `xargs nix-store --export <'${list}' >'${list}.export'`]);
    await this.host.must("nix-store --import </root/wanted.export >/dev/null; rm /root/wanted*");
  }

  /** Runs nix-build there for an expression that may use the prelude of nix.ts. */
  nixBuild(expression: string, args: string[] = [], options: RunOptions = {}): Promise<Result> {
    // Of its own, as another may be under way.
    const file = `/root/build-${++this.#builds}.nix`;
    this.host.write(file, expression);
    return this.host.run(`nix-build --no-out-link ${file} ${args.join(" ")}`, options);
  }
}
