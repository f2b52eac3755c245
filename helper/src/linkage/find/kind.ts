/** Tells what a file is by its content, never by its name. */
import type { ByteSource } from "../elf/bytes.ts";
import { isElf } from "../elf/layout.ts";

/** "script": begins with "#!", behind which a zip may follow, as in Python's zipapps. */
export type Kind = "elf" | "zip" | "deb" | "tar" | "gzip" | "xz" | "bzip2" | "zstd" | "script" | "other";

/** How much of a file's beginning is asked for: the header of a tar is the longest. */
export const headSize = 512;

const magic: [kind: Kind, bytes: Buffer][] = [
  ["zip", Buffer.from("PK\x03\x04", "latin1")],
  ["zip", Buffer.from("PK\x05\x06", "latin1")],
  ["gzip", Buffer.from("\x1f\x8b\x08", "latin1")],
  ["xz", Buffer.from("\xfd7zXZ\0", "latin1")],
  ["zstd", Buffer.from("\x28\xb5\x2f\xfd", "latin1")],
  ["deb", Buffer.from("!<arch>\ndebian-binary", "latin1")],
  ["script", Buffer.from("#!", "latin1")],
];

/** A block of a tar has the sum of its bytes in it, counted as if that were spaces. */
function isTar(head: Buffer): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  const field = head.toString("latin1", 148, 156);
  if (!/^ *[0-7]+[ \0]*$/.test(field)) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < 512; at++) if (at < 148 || at >= 156) sum += head[at] ?? 0;
  return sum === Number.parseInt(field, 8);
}

/** @param head the first bytes: `headSize` of them, or all that there are */
export function kindOf(head: Buffer): Kind {
  if (isElf(head)) return "elf";
  const known = magic.find(
    ([, bytes]) => head[0] === bytes[0] && head.subarray(0, bytes.length).equals(bytes),
  );
  if (known) return known[0];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the bytes that begin a block, or end the file
  if (head[0] === 0x42 && /^BZh[1-9](1AY&SY|\x17rE8P\x90)/.test(head.toString("latin1", 0, 10)))
    return "bzip2";
  return isTar(head) ? "tar" : "other";
}

/** Of the record that ends a zip, without a comment. */
export const zipEndSize = 22;

/** Whether a zip ends here. Only one without a comment: so are those that are appended to something. */
export function endsAsZip(source: ByteSource): boolean {
  if (source.size < zipEndSize) return false;
  const end = source.read(source.size - zipEndSize, zipEndSize);
  return end.toString("latin1", 0, 4) === "PK\x05\x06" && end.readUInt16LE(20) === 0;
}
