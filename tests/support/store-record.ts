/** What Nix knows of store paths, to prove that they are the ones of before. */
import { nix } from "./nix.ts";

/** By store path: the hash of its contents, when it was registered, and what it was built by. */
export async function storeRecord(paths: string[]): Promise<Record<string, unknown>> {
  const command = ["--extra-experimental-features", "nix-command", "path-info", "--json", ...paths];
  const info = await nix("nix", command);
  // The record of a hash says nothing of files that were changed since.
  const whole = await nix("nix-store", ["--verify-path", ...paths]);
  if (info.status !== 0 || whole.status !== 0) throw new Error(info.stderr + whole.stderr);
  const known = JSON.parse(info.stdout) as Record<string, unknown>[];
  return Object.fromEntries(
    known.map(({ path, narHash, registrationTime, deriver }) => [
      path,
      { narHash, registrationTime, deriver },
    ]),
  );
}
