/**
 * Names from files that others made, in a form that a terminal, a page and JSON can show: a name
 * need not be UTF-8, and one with control characters may pretend to be another.
 */

/** Control characters, invisible ones, those that turn the direction of text, and lone halves. */
const unreadable = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Printable ASCII, but for the backslash. */
const plain = /^[ -[\]-~]*$/;

function escapeCharacter(character: string): string {
  if (character === "\\") return "\\\\";
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/**
 * The name as text. Different names give different texts: bytes that are no UTF-8 become \xff, as do
 * control characters (invisible ones \u{200b}), and a backslash becomes two.
 */
export function readable(name: Buffer): string {
  // Nearly all of them; a build has hundreds of thousands.
  const bytes = name.toString("latin1");
  if (plain.test(bytes)) return bytes;
  const text = name.toString("utf8");
  if (text.includes("\ufffd") && !Buffer.from(text).equals(name)) {
    // Byte by byte, so that no two names that differ in their bytes look the same.
    let escaped = "";
    for (const byte of name) {
      const character = String.fromCharCode(byte);
      escaped += byte >= 0x80 ? `\\x${byte.toString(16)}` : character.replace(unreadable, escapeCharacter);
    }
    return escaped;
  }
  return text.replace(unreadable, escapeCharacter);
}
