/** Finds the engine: the first of these addresses that exists. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";

/** The socket that a host offers to Nix builds; the only one that the Nix sandbox lets in. */
export const sandboxSocket = "/run/nix-voyager/engine.sock";

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

/** The first candidate that exists (an address over TCP always does). */
export function locate(env: NodeJS.ProcessEnv, explicit?: string): Candidate {
  const all = candidates(env, explicit);
  const found = all.find(
    ({ address }) => !address.startsWith("unix://") || existsSync(address.slice("unix://".length)),
  );
  if (found) return found;
  throw new VoyagerError("engine-unavailable", "no engine was found", {
    why: `looked at ${all.map(({ address, origin }) => `${address} (${origin})`).join(",\n")}`,
    remedy: env.NIX_BUILD_TOP
      ? `start the engine and let its socket into the Nix sandbox at ${sandboxSocket}\n(nix.conf: extra-sandbox-paths = /run/nix-voyager); \`voyager doctor\` checks each step`
      : "start Docker, or set DOCKER_HOST; `voyager doctor` checks each step",
  });
}
