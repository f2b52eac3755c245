/** `voyager provenance`: the statement of where a build came from, signed or checked. */
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, VoyagerError } from "../common/errors.ts";
import type { Log } from "../common/log.ts";
import { openEnvelope, readKey, signStatement } from "../records/provenance/envelope.ts";
import { isInStore, withHostFacts } from "../records/provenance/host.ts";
import { parseStatement } from "../records/provenance/read.ts";
import { compareFiles } from "../records/provenance/verify.ts";

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new VoyagerError("usage", `cannot read ${file}`, { why: messageOf(error) });
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new VoyagerError("usage", `${path} does not exist`, { why: messageOf(error) });
  }
}

/** What a build left of its provenance. */
function readRecord(path: string): string {
  const file = join(path, "nix-support/provenance.json");
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new VoyagerError("record", `${path} has no statement of provenance`, {
      why: messageOf(error),
      remedy: "name the output of a build of nix-voyager that carries nix-support/ (out, or its first)",
    });
  }
}

/**
 * Prints the statement of an output, or writes it to a file; with a key, in a signed envelope.
 *
 * @param key file with a private ed25519 key in PEM
 */
export function printProvenance(
  path: string,
  { key, output }: { key?: string | undefined; output?: string | undefined },
  log: Log,
): void {
  const store = realPath(path);
  const recorded = parseStatement(readRecord(store), join(store, "nix-support/provenance.json"));
  const known = isInStore(store);
  if (!known) log.warn(`${store} is not in this machine's Nix store: the statement is as the build left it`);
  const statement = known ? withHostFacts(recorded, store) : recorded;
  const text = key
    ? JSON.stringify(signStatement(JSON.stringify(statement), readKey(readText(key), key, "private")))
    : JSON.stringify(statement, null, 2);
  if (output === undefined) process.stdout.write(`${text}\n`);
  else writeFileSync(output, `${text}\n`);
}

/**
 * Checks a signed statement, and the files that it is about if a path is given. Prints what was
 * checked; throws when anything is wrong.
 *
 * @param key file with a public ed25519 key in PEM
 */
export function verifyProvenance(file: string, key: string, path: string | undefined): void {
  const statement = parseStatement(
    openEnvelope(readText(file), file, readKey(readText(key), key, "public")),
    file,
  );
  process.stdout.write(`${file}: signed by this key\n`);
  if (path === undefined) {
    for (const { name, digest } of statement.subject) {
      const [algorithm = "", value = ""] = Object.entries(digest)[0] ?? [];
      process.stdout.write(`  ${name}  ${algorithm} ${value}\n`);
    }
    return;
  }
  const { right, elsewhere } = compareFiles(statement, realPath(path));
  process.stdout.write(`${path}: as the statement says (${right.join(", ")})\n`);
  if (elsewhere.length > 0) process.stdout.write(`not compared, of other outputs: ${elsewhere.join(", ")}\n`);
}
