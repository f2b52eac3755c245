/** A user who is made for an engine without root, and all that is theirs. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustSync, run } from "../support/run.ts";
import { Service, socketIn, type TestEngine, untilItAnswers } from "./engine.ts";

export class RootlessUser {
  readonly #base = mkdtempSync(join(tmpdir(), "voyager-rootless-"));
  readonly home = join(this.#base, "home");
  readonly runtime = join(this.#base, "runtime");
  readonly socketFolder = join(this.#base, "socket");
  readonly apart = join(this.#base, "builds");
  /** What comes before a command of the user. */
  readonly asUser: string[];

  constructor(readonly name: string) {
    mustSync("chmod", ["755", this.#base]);
    mustSync("sh", ["-c", `! getent passwd ${name} >/dev/null || userdel ${name}`]);
    // With an account come the ids for containers, in /etc/subuid and /etc/subgid.
    mustSync("useradd", ["--create-home", "--home-dir", this.home, "--shell", "/bin/sh", name]);
    for (const folder of [this.runtime, this.socketFolder, this.apart]) mkdirSync(folder);
    mustSync("chown", [`${name}:`, this.runtime, this.socketFolder, this.apart]);
    mustSync("chmod", ["700", this.runtime]);
    const path = `${process.env.PATH}:/usr/sbin:/sbin`;
    const variables = [
      `HOME=${this.home}`,
      `XDG_RUNTIME_DIR=${this.runtime}`,
      `PATH=${path}`,
      "LC_ALL=C.UTF-8",
    ];
    const user = ["setpriv", "--reuid", name, "--regid", name, "--init-groups"];
    this.asUser = [...user, "env", "-i", "-C", "/", ...variables];
  }

  /** Starts an engine of the user's. @param command serves the address that it is given */
  async serve(command: (address: string) => string[]): Promise<TestEngine> {
    const address = `unix://${socketIn(this.socketFolder)}`;
    // As udev has it on most machines, /dev/net/tun is open to the user.
    const open = "mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200";
    const outer = ["unshare", "--mount", "sh", "-c", `${open} && exec "$@"`, "sh"];
    const service = new Service([...outer, ...this.asUser, ...command(address)]);
    const stop = async () => {
      await service.stop();
      await this.#remove();
    };
    try {
      await untilItAnswers(address, 30, () => service.said);
    } catch (error) {
      await stop();
      throw error;
    }
    const { socketFolder, apart, asUser } = this;
    // There are no cgroups that the user may have limits in.
    return { address, socketFolder, apart, asUser, hasOthers: false, memoryMessage: null, stop };
  }

  /** Ends what is left of the user's processes, and removes the account and all files. */
  async #remove(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const { stdout } = await run("ps", ["-o", "pid=", "-u", this.name]);
      const pids = stdout
        .split("\n")
        .map(Number)
        .filter((pid) => pid > 0);
      if (pids.length === 0) break;
      await run("kill", ["-KILL", ...pids.map(String)]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await run("userdel", [this.name]);
    rmSync(this.#base, { recursive: true, force: true });
  }
}
