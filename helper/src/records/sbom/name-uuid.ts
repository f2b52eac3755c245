/** UUIDs that follow from a text: version 5 of RFC 9562. */
import { createHash } from "node:crypto";

/** The RFC's namespace of URLs, which "nix-voyager:…" is one of. */
const namespace = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");

/** The UUID of a text, among those of its kind. */
export function nameUuid(kind: string, text: string): string {
  const bytes = createHash("sha1")
    .update(namespace)
    .update(`nix-voyager:${kind}:${text}`)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const digits = bytes.toString("hex");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
