/** A store that is published to, a binary cache or another machine. All that is asked of it, Nix's own tools ask. */
import { hexOfNixHash } from "../common/nix-hash.ts";
import { type Answer, runNix } from "../common/nix.ts";
import { messageOf, VoyagerError } from "../common/errors.ts";
import { visible } from "../common/text.ts";
import type { SigningKey } from "./key.ts";

/** What a store knows of a path. */
export interface PathFacts {
  /** SHA-256 of its NAR, in hexadecimal digits. */
  narHash: string;
  narSize: number;
  /** Store paths that it refers to, in order: a signature is of these, too. */
  references: string[];
  /** "NAME:BASE64" */
  signatures: string[];
}

/** Paths that are named to one process of Nix: a command line has an end. */
const batchSize = 500;

/**
 * What Nix remembers of a cache is not asked: others may have published there, or cleaned up. And nothing is
 * tried twice: Nix 2.8 hangs when it sends a file again. Whoever publishes runs it again.
 */
const fresh = Object.entries({
  "narinfo-cache-positive-ttl": 0,
  "narinfo-cache-negative-ttl": 0,
  "download-attempts": 1,
}).flatMap(([name, value]) => ["--option", name, String(value)]);

/** Splits a list into parts that a command line has room for. */
export function inBatches<T>(items: T[]): T[][] {
  const batches: T[][] = [];
  for (let at = 0; at < items.length; at += batchSize) batches.push(items.slice(at, at + batchSize));
  return batches;
}

interface NixInfo {
  path?: string;
  valid?: boolean;
  narHash?: string;
  narSize?: number;
  references?: string[];
  signatures?: string[];
}

/** Nix's answer, which was a list up to 2.18 and is an object by path since. */
export function factsIn(json: unknown): [path: string, facts: PathFacts][] {
  const known: [string, NixInfo | null][] = Array.isArray(json)
    ? (json as NixInfo[]).map((one) => [one.path ?? "", one])
    : Object.entries(json as Record<string, NixInfo | null>);
  return known.flatMap(([path, info]) => {
    if (!info || info.valid === false) return [];
    const narHash = hexOfNixHash(info.narHash ?? "");
    if (narHash === null || path === "") throw new Error(`it tells no hash of ${visible(path) || "a path"}`);
    const { narSize = 0, signatures = [] } = info;
    return [[path, { narHash, narSize, references: [...(info.references ?? [])].sort(), signatures }]];
  });
}

/**
 * What a store knows of those of the paths that it has. Throws an error of kind `publish` when it
 * does not answer.
 *
 * @param store its address; null: this machine's
 */
export async function pathFacts(store: string | null, paths: string[]): Promise<Map<string, PathFacts>> {
  const facts = new Map<string, PathFacts>();
  const where = store === null ? [] : ["--store", store, ...fresh];
  for (const batch of inBatches(paths)) {
    const answer = await runNix("nix", ["path-info", "--json", ...where, ...batch]);
    if (answer.status !== 0) throw unanswered(store, answer);
    for (const [path, one] of understood(store, answer.stdout)) facts.set(path, one);
  }
  return facts;
}

/** An answer that is not understood is none: a path of which nothing is known would count as missing. */
function understood(store: string | null, answer: string): [path: string, facts: PathFacts][] {
  try {
    return factsIn(JSON.parse(answer));
  } catch (error) {
    throw unanswered(store, { stderr: `the answer of nix path-info is not understood: ${messageOf(error)}` });
  }
}

/** What a signature of a path is of, besides its name. */
function signed({ narHash, narSize, references }: PathFacts): string {
  return [narHash, narSize, ...references].join(" ");
}

/** Those of the paths that not both stores have with the same files and references. */
export function differing(
  paths: string[],
  here: Map<string, PathFacts>,
  there: Map<string, PathFacts>,
): string[] {
  return paths.filter((path) => {
    const [one, other] = [here.get(path), there.get(path)];
    return !one || !other || signed(one) !== signed(other);
  });
}

function unanswered(store: string | null, { stderr }: Pick<Answer, "stderr">): VoyagerError {
  return new VoyagerError("publish", `${store ?? "this machine's Nix store"} does not tell what it has`, {
    why: stderr.trim(),
    remedy:
      "check the address, as Nix has it (file:///folder, http://…, s3://bucket, ssh://host), and the credentials",
  });
}

/** Whether a store is another machine's, which takes signatures with the paths; a binary cache is signed while it is written. */
export function isMachine(store: string): boolean {
  return /^ssh(-ng)?:\/\//.test(store);
}

/** The address of a binary cache that signs what it gets. */
function signing(store: string, { file }: SigningKey): string {
  return `${store}${store.includes("?") ? "&" : "?"}secret-key=${encodeURIComponent(file)}`;
}

/** Copies paths, and all that they need, to a store, and signs them. Resolves with how Nix ended. */
export async function copySigned(store: string, paths: string[], key: SigningKey): Promise<Answer> {
  if (!isMachine(store)) return runNix("nix", ["copy", ...fresh, "--to", signing(store, key), ...paths]);
  const signed = await runNix("nix", ["store", "sign", "--key-file", key.file, "--recursive", ...paths]);
  return signed.status === 0 ? runNix("nix", ["copy", ...fresh, "--to", store, ...paths]) : signed;
}

/** Runs Nix for parts of the paths, until one fails. Resolves with how the last one ended. */
async function forAll(paths: string[], args: string[]): Promise<Answer> {
  let answer: Answer = { status: 0, stdout: "", stderr: "" };
  for (const batch of inBatches(paths)) {
    answer = await runNix("nix", [...args, ...batch]);
    if (answer.status !== 0) break;
  }
  return answer;
}

/**
 * Signs paths that a binary cache has already. Nix signs what the cache says of them at that moment, so
 * ask it right before and after; those that have the signature stay as they are. */
export function signThere(store: string, paths: string[], key: SigningKey): Promise<Answer> {
  return forAll(paths, ["store", "sign", "--key-file", key.file, "--store", store, ...fresh]);
}

/** Has Nix check that a store has a valid signature of the key for each path; their files are not fetched for it. */
export function verifySignatures(store: string, paths: string[], { publicKey }: SigningKey): Promise<Answer> {
  const keys = ["--option", "trusted-public-keys", publicKey];
  const what = ["--no-contents", "--sigs-needed", "1"];
  return forAll(paths, ["store", "verify", "--store", store, ...fresh, ...keys, ...what]);
}
