/**
 * Compares versions of RPM packages, as rpm-version(7) says and rpm's own rpmvercmp does, of which
 * dnf and rpm are made.
 */
import { compareDigits } from "./debian-version.ts";

/** A mark that changes the order (~ before the end, ^ after it), a number, or letters. */
const segment = /[~^]|[0-9]+|[A-Za-z]+/g;

/** Compares two versions, or two releases: what separates segments does not count. */
function compareParts(a: string, b: string): number {
  const one = a.match(segment) ?? [];
  const other = b.match(segment) ?? [];
  for (let i = 0; ; i++) {
    const x = one[i];
    const y = other[i];
    if (x === y) {
      if (x === undefined) return 0;
      continue;
    }
    if (x === "~") return -1;
    if (y === "~") return 1;
    // A caret is more than the end, and less than anything else that follows.
    if (x === "^") return y === undefined ? 1 : -1;
    if (y === "^") return x === undefined ? -1 : 1;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const difference = compareSegments(x, y);
    if (difference !== 0) return difference;
  }
}

/** Compares two numbers, or words by their bytes; a number is newer than a word. */
function compareSegments(a: string, b: string): number {
  const aIsNumber = /^[0-9]/.test(a);
  const bIsNumber = /^[0-9]/.test(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? 1 : -1;
  if (aIsNumber) return compareDigits(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Splits "[epoch:]version[-release]"; what is missing is "". */
function split(version: string): { epoch: string; version: string; release: string } {
  const [, epoch = "", rest = ""] = /^(?:([0-9]*):)?(.*)$/s.exec(version) ?? [];
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch,
    version: hyphen < 0 ? rest : rest.slice(0, hyphen),
    release: hyphen < 0 ? "" : rest.slice(hyphen + 1),
  };
}

/**
 * Less than, equal to or greater than 0, as `a` ("epoch:version-release") is older than, the same
 * as or newer than `b`; fit for `sort`. "1.0" is older than any "1.0-…", as for `rpmdev-vercmp`
 * (a dependency on "1.0" means any release, but that would be no order).
 */
export function compareRpmVersions(a: string, b: string): number {
  const one = split(a);
  const other = split(b);
  return (
    compareDigits(one.epoch, other.epoch) ||
    compareParts(one.version, other.version) ||
    compareParts(one.release, other.release)
  );
}
