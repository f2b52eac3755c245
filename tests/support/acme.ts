/** The channel `acme`: a wheel and a C program, built, with a key to publish them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustBuild, voyagerCommand } from "./nix.ts";
import { must, type Result, run } from "./run.ts";
import { address, subscriber, type Subscription } from "./subscriber.ts";
import type { Machine } from "./target.ts";

/** What it delivers, as an expression (see prelude in nix.ts). */
export const packages = `{
  bcrypt = voyager.bcryptWheel;
  greet = build {
    pname = "greet"; version = "1"; outputs = [ "out" "dev" ];
    systemBuildDependencies = [ "gcc" "libc6-dev" ];
    meta.description = "Greets";
    buildScript = ''
      mkdir -p $out/bin $dev/include
      printf '#include <stdio.h>\\nint main(void) { return puts("hello, subscriber") < 0; }' >greet.c
      gcc -o $out/bin/greet greet.c
      echo 'int greet(void);' >$dev/include/greet.h
    '';
  };
}`;

/** The channel as an expression. */
export const channelExpression = `voyager.lib.mkChannel {
  name = "acme"; packages = ${packages}; binaryCacheUrl = "${address}/cache";
  constituents = [ (derivation {
    name = "smoke"; system = "builtin"; builder = "builtin:buildenv"; derivations = [ ];
    manifest = builtins.toFile "manifest" "";
  }) ];
}`;

export class Acme {
  /** Folder of the test's own. */
  readonly folder = mkdtempSync(join(tmpdir(), "voyager-channel-"));
  /** What a web server serves: `channel/` and `cache/`. */
  readonly served = join(this.folder, "www");
  readonly cache = `file://${this.served}/cache`;
  readonly keyFile = join(this.folder, "secret");
  publicKey = "";
  /** Store paths. */
  bcrypt = "";
  greet = "";
  dev = "";
  channel = "";
  #command = "";
  readonly #machines: Machine[] = [];
  /** Of all keys that were made: in their files they stand between a name and a line's end. */
  readonly #secrets: string[] = [];

  /** Builds everything, and makes a key. */
  async build(): Promise<void> {
    this.#command = await voyagerCommand();
    [this.bcrypt = "", this.greet = "", this.dev = "", this.channel = ""] = await mustBuild(
      `let packages = ${packages}; in [ packages.bcrypt packages.greet packages.greet.dev (${channelExpression}) ]`,
    );
    this.publicKey = await this.makeKey("acme-1", this.keyFile);
  }

  /** Makes a key; resolves with its public half. */
  async makeKey(name: string, file: string): Promise<string> {
    await must("nix-store", ["--generate-binary-cache-key", name, file, `${file}.pub`]);
    const secret = readFileSync(file, "utf8").split(":")[1]?.trim() ?? "";
    expect(secret.length).toBeGreaterThan(60);
    this.#secrets.push(secret);
    return readFileSync(`${file}.pub`, "utf8").trim();
  }

  /** Runs the `voyager` command. */
  voyager(...args: string[]): Promise<Result> {
    return run(this.#command, args);
  }

  /** Publishes to a store; whatever is said, none of the keys is. */
  async publish(to: string, args: string[], keyFile = this.keyFile): Promise<Result> {
    const result = await this.voyager("publish", "--to", to, "--key-file", keyFile, ...args);
    for (const secret of this.#secrets) expect(result.stdout + result.stderr).not.toContain(secret);
    return result;
  }

  /** Publishes the channel where it is served. */
  publishServed(...args: string[]): Promise<Result> {
    return this.publish(this.cache, [this.channel, "--channel-dir", join(this.served, "channel"), ...args]);
  }

  /** A machine that has subscribed to it. */
  async subscribe(subscription: Partial<Subscription> = {}): Promise<Machine> {
    const { served, publicKey } = this;
    const machine = await subscriber({ served, publicKey, ...subscription });
    this.#machines.push(machine);
    return machine;
  }

  async remove(): Promise<void> {
    for (const machine of this.#machines) await machine.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
