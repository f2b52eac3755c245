/** Checks of the machine: space on disks, certificates. */
import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { bad, type Finding, ok, warning } from "./check.ts";

const gigabyte = 1e9;

/** Free space of one folder. @param use what the folder is for */
export function checkDisk(use: string, folder: string): Finding {
  const name = `disk of ${use}`;
  if (!existsSync(folder)) return ok(name, `${folder} is not on this machine`);
  const { bavail, bsize, blocks } = statfsSync(folder);
  const free = bavail * bsize;
  const detail = `${(free / gigabyte).toFixed(1)} GB free at ${folder}`;
  const remedy = "nix-collect-garbage, voyager environment prune, or a larger disk";
  if (free < gigabyte) return bad(name, detail, remedy);
  if (free < 5 * gigabyte || bavail / blocks < 0.05) return warning(name, detail, remedy);
  return ok(name, detail);
}

/** All disks that builds fill. @param engineFolder where the engine keeps images */
export function checkDisks(engineFolder: string | null): Finding[] {
  return [
    checkDisk("the store", existsSync("/nix/store") ? "/nix/store" : "/"),
    checkDisk("build folders", process.env.TMPDIR ?? tmpdir()),
    ...(engineFolder ? [checkDisk("the engine", engineFolder)] : []),
  ];
}

/** The CA bundle that downloads use; a company's own authority must be in it. */
export function checkCertificates(): Finding {
  const named = process.env.NIX_SSL_CERT_FILE ?? process.env.SSL_CERT_FILE;
  if (named && !existsSync(named)) {
    return bad("certificates", `${named} does not exist`, "correct NIX_SSL_CERT_FILE or SSL_CERT_FILE");
  }
  const usual = "/etc/ssl/certs/ca-certificates.crt";
  const found = named ?? (existsSync(usual) ? usual : null);
  if (found) return ok("certificates", found);
  return warning(
    "certificates",
    "no CA bundle was found",
    "apt-get install ca-certificates; a company's own authority goes into /usr/local/share/ca-certificates",
  );
}
