/** Debian 13's Nix, in a container that shares this machine's engine: its builds run beside it. */
import { statSync } from "node:fs";
import { CountedEngine } from "./counted.ts";
import { nix, root, voyagerCommand } from "./nix.ts";
import { must, type Result, run } from "./run.ts";
import { targetImage } from "./target.ts";

const socketFolder = "/run/nix-voyager";

/**
 * Runs a script as root where Debian 13's Nix is set up, sandbox and all, and the checkout is /checkout.
 *
 * @param more other folders of this machine, as `docker run --volume` takes them
 */
export async function withNewerNix(script: string, more: string[] = []): Promise<Result> {
  await must(await voyagerCommand(), ["image", "bootstrap", "debian13"]);
  const image = await targetImage(["nix-bin", "ca-certificates", "git"], "debian13");
  const registry = await nix("nix-instantiate", [
    ...["--eval", `${root}/helper/nix/registry.nix`, "--arg", "npmRegistry", "null", "--arg", "pkgs", "null"],
  ]);
  // Its build users are not this machine's, so this machine's broker is not for them.
  const engine = await CountedEngine.start();
  const { gid } = statSync(`${engine.folder}/engine.sock`);
  const setUp = `
    groupadd -r -g ${gid} nixbld
    # Ids of their own: a Nix kills all processes of its build user, and this machine's Nix would
    # kill those in here that have the same id.
    for i in 1 2 3 4; do useradd -u 4000$i -M -g nixbld -G nixbld -N -d /var/empty -s /bin/false nixbld$i; done
    export NIX_CONFIG='sandbox = true
sandbox-fallback = false
extra-system-features = docker
extra-sandbox-paths = ${socketFolder}
substituters ='
    cd /checkout
    nix --version`;
  const certificates = "/etc/ssl/certs/ca-certificates.crt";
  const volumes = [
    `${root}:/checkout:ro`,
    `${engine.folder}:${socketFolder}`,
    `${certificates}:${certificates}:ro`,
    ...more,
  ];
  return run("docker", [
    // What the Nix sandbox needs, which is less than --privileged.
    ...["run", "--rm", "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN"],
    ...["seccomp", "apparmor", "systempaths"].flatMap((what) => ["--security-opt", `${what}=unconfined`]),
    ...["--volume", "/nix", "--volume", "/tmp"],
    ...volumes.flatMap((volume) => ["--volume", volume]),
    ...["--env", `npm_config_registry=${JSON.parse(registry.stdout)}`],
    ...["--env", `NIX_SSL_CERT_FILE=${certificates}`, image, "sh", "-exc", `${setUp}\n${script}`],
  ]).finally(() => engine.stop());
}
