/** Keeps credentials out of what is logged. */

/** A shorter word is found in too much else. */
const shortest = 4;

/** The name and password, and each of them as it is meant, of an address that has them. */
function credentialsOf(value: string): string[] {
  const [, user = "", password = ""] =
    /^[a-z][a-z0-9+.-]*:\/\/([^:@/?#]*)(?::([^@/?#]*))?@/i.exec(value) ?? [];
  // Some indexes take a token for a name.
  const words = password === "" ? [user] : [`${user}:${password}`, password];
  return words.flatMap((word) => [word, decoded(word)]);
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/**
 * Replaces the credentials that are in these values: addresses, or several with spaces between. Null where
 * there are none, so that nothing is looked for.
 */
export function redactor(values: string[]): ((text: string) => string) | null {
  const all = values.flatMap((value) => value.split(/\s+/)).flatMap(credentialsOf);
  const secrets = [...new Set(all)]
    .filter((word) => word.length >= shortest)
    .sort((a, b) => b.length - a.length);
  if (secrets.length === 0) return null;
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}
