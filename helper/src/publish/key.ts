/** The key that a binary cache's paths are signed with. What is in its file gets no further than to Nix. */
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { runNix } from "../common/nix.ts";
import { storeNamePattern } from "../common/store.ts";

export interface SigningKey {
  /** Absolute path of its file. */
  file: string;
  /** Name before the colon: signatures begin with it. */
  name: string;
  /** As subscribers put it into trusted-public-keys. */
  publicKey: string;
  /** What is unsafe about its file; null if nothing is. */
  warning: string | null;
}

const remedy =
  "make one with `nix-store --generate-binary-cache-key NAME SECRET-FILE PUBLIC-FILE`, and keep the secret file where builds cannot read it";

/** Reads a secret key as Nix makes it. Throws a `usage` error, which tells nothing of what is in the file. */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const fail = (why: string) => new VoyagerError("usage", `${path} cannot be used to sign`, { why, remedy });
  let file: string;
  try {
    accessSync(path, constants.R_OK);
    file = realpathSync(resolve(path));
  } catch (error) {
    throw fail(messageOf(error));
  }
  const stat = statSync(file);
  if (!stat.isFile()) throw fail("it is not a file");
  if (file.split("/").some((part) => storeNamePattern.test(part))) {
    throw fail("it lies in the Nix store, where everyone can read it: it is no secret any more");
  }
  const text = readFileSync(file, "utf8");
  const { status, stdout } = await runNix("nix", ["key", "convert-secret-to-public"], text.trim());
  const publicKey = stdout.trim();
  // Not what Nix says of it: that may quote the key.
  if (status !== 0 || !/^[^:\s]+:[A-Za-z0-9+/]+=*$/.test(publicKey)) {
    throw fail("Nix does not take what is in it for a secret key");
  }
  const isOpen = (stat.mode & 0o077) !== 0;
  return {
    file,
    name: publicKey.slice(0, publicKey.indexOf(":")),
    publicKey,
    warning: isOpen ? `others may read the secret key ${file}: chmod 600 ${file}` : null,
  };
}
