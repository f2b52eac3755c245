/** Words and names for people: safe to print, short enough to read. */

const plain = /^[ -~]*$/;
/**
 * Controls, formats (bidirectional controls, zero-width characters), lone surrogates, private use,
 * separators of lines, and spaces that are not the ordinary one.
 */
const odd = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const short: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A name as it can be shown without misleading: what a terminal or a browser would obey, hide or
 * reorder by is written out ("\n", "\u{202e}").
 */
export function visible(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(odd, (one) => short[one] ?? `\\u{${one.codePointAt(0)?.toString(16)}}`);
}

/** Sentences as they can be shown: lines joined, the rest as `visible`. */
export function prose(text: string): string {
  return visible(text.replace(/\s+/g, " ").trim());
}

/** At most `width` characters: a longer text loses its middle, as names differ at their ends. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.ceil((width - 1) * 0.6);
  // Halves of a character outside the basic plane are no text.
  const head = text.slice(0, Math.max(0, width - 1 - tail)).replace(/[\ud800-\udbff]$/, "");
  return `${head}…${text.slice(text.length - tail).replace(/^[\udc00-\udfff]/, "")}`;
}

/** A whole number as people read it: "1,000". (Node's own way to do so costs 18 ms when first used.) */
export function digits(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 file", "1,000 files". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${digits(number)} ${number === 1 ? one : many}`;
}

/** Lines of at most `width` characters, broken at spaces; a word that is longer keeps its line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
