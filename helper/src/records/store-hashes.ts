/**
 * Takes the hashes of store paths out of text. Nix looks for them in every output, and would make
 * the sources, the compiler and all that the record speaks of run-time dependencies of it.
 */

/** A store path's hash and dash, wherever the store lies: 32 digits of Nix's base 32. */
const hashPattern = /(?<![0-9a-z])[0-9a-df-np-sv-z]{32}-(?=[0-9a-zA-Z+._?=-])/g;
const hashSize = 32;

/** The hash of a store path: the 32 digits after the last slash of the store. */
export function storeHash(path: string): string {
  const found = /\/([0-9a-z]{32})-/.exec(path)?.[1];
  return found ?? "";
}

/**
 * Makes what takes them out: `/nix/store/HASH-name` becomes `/nix/store/name`.
 *
 * @param known store paths of which the hash is taken out also where it stands alone
 */
export function storeHashRemover(known: Iterable<string>): (text: string) => string {
  const hashes = [...new Set(Array.from(known, storeHash))].filter((hash) => hash.length === hashSize);
  return (text) =>
    text.length < hashSize
      ? text
      : hashes.reduce((clean, hash) => clean.replaceAll(hash, "HASH"), text.replace(hashPattern, ""));
}

/** The text without them. @param known as for storeHashRemover */
export function withoutStoreHashes(text: string, known: Iterable<string> = []): string {
  return storeHashRemover(known)(text);
}

/** The name of a store path: what follows the hash, without what lies below it. */
export function storeName(path: string): string {
  return /\/[0-9a-z]{32}-([^/]*)/.exec(path)?.[1] ?? path;
}
