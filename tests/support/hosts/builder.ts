/**
 * A machine that builds for others, set up as docs/remote.md says: nix-daemon, sshd, an engine and the broker.
 * It reaches nobody but its coordinator, so it could not make an environment.
 */
import { join } from "node:path";
import { mustSync, run } from "../run.ts";
import { Host } from "./host.ts";

/** The settings that docs/remote.md names. */
const nixConf = `sandbox = true
sandbox-fallback = false
extra-system-features = docker
extra-sandbox-paths = /run/nix-voyager?
trusted-users = root nix-remote
substituters =
`;

const sshdConf = `HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys_%u
PasswordAuthentication no
PidFile none
`;

export class Builder {
  readonly host: Host;
  /** The coordinator's address and its own, in a network of the two. */
  readonly addresses: { coordinator: string; own: string };
  /** Where its engine puts containers: this machine's cgroups are the only ones. */
  readonly #cgroup: string;
  readonly #link: string;

  constructor(readonly number: number) {
    this.host = new Host({ name: `builder${number}`, number, seesTmp: false });
    this.addresses = { coordinator: `10.83.${number}.1`, own: `10.83.${number}.2` };
    this.#cgroup = `voyager-test-${process.pid}-${number}`;
    this.#link = `to-builder${number}`;
    const key = join(this.host.disk, "etc/ssh/host_key");
    mustSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    this.host.write("/etc/nix/nix.conf", nixConf);
    this.host.write("/etc/ssh/sshd_config", sshdConf);
    // What this machine has decided for its own builds.
    mustSync("rm", ["-rf", join(this.host.disk, "etc/nix-voyager"), join(this.host.disk, "etc/docker")]);
  }

  /** Where Nix finds it. */
  get uri(): string {
    return `ssh-ng://nix-remote@${this.addresses.own}`;
  }

  /** Its line in the coordinator's /etc/nix/machines. @param jobs that it takes at once */
  machine(jobs: number): string {
    return `${this.uri} - /root/.ssh/id_ed25519 ${jobs} 1 docker`;
  }

  /** Turns it on, with all but the broker, and connects it. @param publicKey that of the coordinator */
  async start(coordinator: Host, publicKey: string): Promise<void> {
    this.host.write("/etc/ssh/authorized_keys_nix-remote", `${publicKey}\n`);
    await this.host.powerOn();
    await this.#connect(coordinator);
    const network = "--iptables=false --ip-forward=false --ip-masq=false";
    const dockerd = `dockerd ${network} --cgroup-parent /${this.#cgroup} --log-level warn`;
    await Promise.all([
      this.host.serve("nix-daemon", "nix-daemon", "test -S /nix/var/nix/daemon-socket/socket"),
      this.host.serve("sshd", "/usr/sbin/sshd -D -e", `ssh-keyscan -T 2 ${this.addresses.own} | grep -q ssh`),
      this.host.serve("dockerd", dockerd, "docker version"),
    ]);
  }

  /** A cable between the two. */
  async #connect(coordinator: Host): Promise<void> {
    const at = coordinator.pid;
    const link = this.#link;
    await run("nsenter", [`--net=/proc/${at}/ns/net`, "ip", "link", "delete", link]);
    const ends = [link, "type", "veth", "peer", "name", "eth0", "netns", String(this.host.pid)];
    mustSync("nsenter", [`--net=/proc/${at}/ns/net`, "ip", "link", "add", ...ends]);
    const up = (name: string, address: string) =>
      `ip address add ${address}/24 dev ${name} && ip link set ${name} up`;
    await coordinator.must(up(link, this.addresses.coordinator));
    await this.host.must(up("eth0", this.addresses.own));
  }

  /** The public key of its sshd, as known_hosts has it. */
  knownHost(): string {
    const key = mustSync("cut", ["-d", " ", "-f", "1-2", join(this.host.disk, "etc/ssh/host_key.pub")]);
    return `${this.addresses.own} ${key}`;
  }

  /** Starts the broker. @param voyager the command, in its store */
  async serveBroker(voyager: string): Promise<void> {
    await this.host.serve("broker", `${voyager} broker`, "test -S /run/nix-voyager/broker.sock");
  }

  /** Loses its power, as its cable is pulled: nobody is told. */
  async die(coordinator: Host): Promise<void> {
    await coordinator.must(`ip link set ${this.#link} down`);
    await this.host.powerOff();
  }

  /** Containers of builds and environments that its engine has, whatever their state is. */
  async containers(): Promise<string[]> {
    const filter = "--filter label=nix-voyager.container";
    const listed = await this.host.must(`docker ps --all ${filter} --format '{{.ID}} {{.Status}}'`);
    return listed.split("\n").filter((line) => line !== "");
  }

  async remove(): Promise<void> {
    await this.host.remove();
    const find = ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*/${this.#cgroup}*`];
    await run("find", [...find, "-exec", "rmdir", "{}", "+"]);
  }
}
