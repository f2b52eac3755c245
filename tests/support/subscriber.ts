/** A machine that subscribes to a channel: it has only Nix, a store of its own, and a public key; no network. */
import { type Machine, startMachine, targetImage } from "./target.ts";

/** Where the machine's own web server, on its loopback, serves the folder that it was given. */
export const address = "http://127.0.0.1:8080";

export interface Subscription {
  /** Folder with `channel/` and `cache/`, which is served. */
  served: string;
  /** What the machine trusts. */
  publicKey: string;
  system?: "debian12" | "debian13";
  /** System packages beside Nix. */
  packages?: string[];
}

/** Starts one that has subscribed to the channel `acme`. */
export async function subscriber(subscription: Subscription): Promise<Machine> {
  const { served, publicKey, system = "debian12", packages = [] } = subscription;
  const image = await targetImage(["nix-bin", "python3", ...packages], system);
  const machine = await startMachine(image, [served], false);
  await machine.must(`
    mkdir -p /etc/nix
    cat >/etc/nix/nix.conf <<'END'
substituters = ${address}/cache
trusted-public-keys = ${publicKey}
build-users-group =
sandbox = false
END
    python3 -m http.server --bind 127.0.0.1 --directory '${served}' 8080 >/var/log/web 2>&1 &
    until grep -q Serving /var/log/web || python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8080))' 2>/dev/null; do sleep 0.1; done
    nix-channel --add ${address}/channel acme
    nix-channel --update`);
  return machine;
}
