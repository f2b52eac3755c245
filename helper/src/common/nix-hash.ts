/** Hashes of store paths as Nix writes them, in hexadecimal digits as in-toto wants them. */

/** Digits of Nix's base 32: without e, o, t and u. */
const digits = "0123456789abcdfghijklmnpqrsvwxyz";
const sha256Bytes = 32;

/** Nix writes base 32 with the last five bits first. */
function fromBase32(text: string): Buffer | null {
  const bytes = Buffer.alloc(sha256Bytes);
  for (let index = 0; index < text.length; index++) {
    const digit = digits.indexOf(text[text.length - 1 - index] ?? "?");
    const bit = index * 5;
    const at = bit >> 3;
    if (digit < 0) return null;
    const shifted = digit << (bit & 7);
    bytes[at] = (bytes[at] ?? 0) | (shifted & 0xff);
    if (at + 1 < sha256Bytes) bytes[at + 1] = (bytes[at + 1] ?? 0) | (shifted >> 8);
    else if (shifted >> 8 !== 0) return null;
  }
  return bytes;
}

/** A SHA-256 as Nix writes it: "sha256:" with base 32 or hexadecimal digits, or "sha256-" with base 64. */
export function hexOfNixHash(text: string): string | null {
  const value = text.replace(/^sha256[:-]/, "");
  if (/^[0-9a-f]{64}$/.test(value)) return value;
  const bytes = value.length === 52 ? fromBase32(value) : Buffer.from(value, "base64");
  return bytes?.length === sha256Bytes ? bytes.toString("hex") : null;
}
