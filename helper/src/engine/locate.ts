/** Finds the engine: the first of these addresses that exists. */
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";

/** The socket that a host offers to Nix builds; the only one that the Nix sandbox lets in. */
export const sandboxSocket = "/run/nix-voyager/engine.sock";

/** The socket of the broker, which a host offers to Nix builds in place of the engine's. */
export const brokerSocket = "/run/nix-voyager/broker.sock";

/** Where an engine may be, and why we look there. */
export interface Candidate {
  /** "unix:///path" or "tcp://host:port". */
  address: string;
  origin: string;
}

/** Candidates in order of preference. `explicit` (from the command line), else DOCKER_HOST, is the only one if given. */
export function candidates(env: NodeJS.ProcessEnv, explicit?: string): Candidate[] {
  if (explicit) return [{ address: normalise(explicit), origin: "--engine" }];
  // Whoever names one means that one: another must not be taken in its place.
  if (env.DOCKER_HOST) return [{ address: normalise(env.DOCKER_HOST), origin: "DOCKER_HOST" }];
  const found: Candidate[] = [];
  found.push({ address: `unix://${sandboxSocket}`, origin: "the socket for Nix builds" });
  found.push({ address: "unix:///var/run/docker.sock", origin: "Docker's own socket" });
  if (env.XDG_RUNTIME_DIR) {
    found.push({
      address: `unix://${join(env.XDG_RUNTIME_DIR, "docker.sock")}`,
      origin: "rootless Docker's socket",
    });
  }
  return found;
}

function normalise(address: string): string {
  return address.startsWith("/") ? `unix://${address}` : address;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first candidate that exists (an address over TCP always does). */
export function locate(env: NodeJS.ProcessEnv, explicit?: string): Candidate {
  const all = candidates(env, explicit);
  const path = ({ address }: Candidate) => address.slice("unix://".length);
  const existing = all.filter((one) => !one.address.startsWith("unix://") || existsSync(path(one)));
  // One that we may not write to is taken only if there is no other: the error then names it.
  const found = existing.find((one) => !one.address.startsWith("unix://") || isWritable(path(one)));
  if (found ?? existing[0]) return (found ?? existing[0]) as Candidate;
  throw new VoyagerError("engine-unavailable", "no engine was found", {
    why: `looked at ${all.map(({ address, origin }) => `${address} (${origin})`).join(",\n")}`,
    remedy: env.NIX_BUILD_TOP
      ? `start the broker (docs/broker.md) and let its socket into the Nix sandbox, ${brokerSocket}\n(nix.conf: extra-sandbox-paths = /run/nix-voyager); \`voyager doctor\` checks each step`
      : "start Docker, or set DOCKER_HOST; `voyager doctor` checks each step",
  });
}
