/** The address of a store that is published to, as it is given. */
import { VoyagerError } from "../common/errors.ts";
import { visible } from "../common/text.ts";

/** What comes before the host: a name, a password, or a token in place of both. */
const credentials = /^([a-z][a-z0-9+-]*:\/\/)([^/?#]*)@/i;

/** An address names a store, and holds no secret. */
function problemOf(to: string): { why: string; remedy: string } | null {
  const remedy = "--to file:///srv/cache --key-file SECRET-KEY";
  const user = credentials.exec(to)?.[2];
  // The name that ssh logs in with is no secret; to a web server a name alone may be a token.
  if (user !== undefined && (user.includes(":") || !to.startsWith("ssh"))) {
    return {
      why: "it has a password or a token in it, which all processes of this machine can read, and which Nix prints",
      remedy:
        "leave it out, and put it into the file that netrc-file in nix.conf names (/etc/nix/netrc); then change the password",
    };
  }
  if (!/^[a-z][a-z0-9+-]*:\/\//.test(to)) {
    return {
      why: "it is not of the form that Nix has: file:///folder, http://…, s3://bucket, ssh://host",
      remedy,
    };
  }
  return /[?&]secret-key=/.test(to) ? { why: "it names a secret key itself", remedy } : null;
}

/** Throws a `usage` error, which does not tell the secret, for what is no address, or has a secret in it. */
export function requireAddress(to: string): void {
  const problem = problemOf(to);
  if (problem === null) return;
  const told = visible(to.replace(credentials, "$1***@"));
  throw new VoyagerError("usage", `nothing can be published to ${told}`, problem);
}
