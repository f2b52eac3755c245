/**
 * Compares versions of Debian packages, as deb-version(7) says. Own code because the libraries for
 * it have not been kept for years, and a wrong answer here calls a patched system unpatched.
 */

/** Weight of a character outside of numbers: `~` before the end, letters before all others. */
function weight(character: string | undefined): number {
  if (character === undefined || isDigit(character)) return 0;
  if (character === "~") return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Compares two numbers of any length, written in digits; "" is zero. */
export function compareDigits(a: string, b: string): number {
  const one = a.replace(/^0+/, "");
  const other = b.replace(/^0+/, "");
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The digits of `text` from `start` on. */
function digitsAt(text: string, start: number): string {
  let end = start;
  while (isDigit(text[end])) end++;
  return text.slice(start, end);
}

/** Compares upstream versions, or revisions: by turns what is no digit, and a number. */
function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a[i])) || (j < b.length && !isDigit(b[j]))) {
      const difference = weight(a[i]) - weight(b[j]);
      if (difference !== 0) return difference;
      i++;
      j++;
    }
    const one = digitsAt(a, i);
    const other = digitsAt(b, j);
    const difference = compareDigits(one, other);
    if (difference !== 0) return difference;
    i += one.length;
    j += other.length;
  }
  return 0;
}

/** Splits "[epoch:]upstream[-revision]"; what is missing is "". */
function split(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? "" : version.slice(0, colon),
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    revision: hyphen < 0 ? "" : rest.slice(hyphen + 1),
  };
}

/**
 * Less than, equal to or greater than 0, as version `a` is older than, the same as or newer than
 * `b`; fit for `sort`. "1.0" and "1.0-0" are the same.
 */
export function compareDebianVersions(a: string, b: string): number {
  const one = split(a);
  const other = split(b);
  return (
    compareDigits(one.epoch, other.epoch) ||
    compareParts(one.upstream, other.upstream) ||
    compareParts(one.revision, other.revision)
  );
}
