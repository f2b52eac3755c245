/** Tar archives made byte by byte, as no program makes them. */

const block = 512;

/** Fields of a header; a text is written as it is, so that it may be wrong. */
export interface RawHeader {
  name?: string | Buffer;
  /** A number is written in octal digits. */
  mode?: number | string;
  size?: number | string | Buffer;
  /** Its letter. */
  type?: string;
  link?: string | Buffer;
  /** GNU's magic instead of POSIX's. */
  gnu?: boolean;
  prefix?: string;
  /** Written over the header at these places, before its checksum is made. */
  at?: [place: number, data: Buffer][];
  /** Instead of the right one. */
  checksum?: string;
}

const asBytes = (value: string | Buffer) => (typeof value === "string" ? Buffer.from(value) : value);

function put(header: Buffer, place: number, width: number, value: number | string | Buffer): void {
  const bytes =
    typeof value === "number" ? Buffer.from(value.toString(8).padStart(width - 1, "0")) : asBytes(value);
  bytes.copy(header, place, 0, Math.min(bytes.length, width));
}

/** Makes a header's checksum right. */
export function sign(header: Buffer): Buffer {
  header.fill(0x20, 148, 156);
  const sum = header.subarray(0, block).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** A header alone. */
export function rawHeader(fields: RawHeader): Buffer {
  const header = Buffer.alloc(block);
  put(header, 0, 100, fields.name ?? "out/file");
  put(header, 100, 8, fields.mode ?? (fields.type === "5" ? 0o755 : 0o644));
  put(header, 108, 8, 0);
  put(header, 116, 8, 0);
  put(header, 124, 12, fields.size ?? 0);
  put(header, 136, 12, 0);
  put(header, 156, 1, Buffer.from(fields.type ?? "0", "latin1"));
  put(header, 157, 100, fields.link ?? "");
  put(header, 257, 8, fields.gnu ? "ustar  \0" : "ustar\x0000");
  if (fields.prefix) put(header, 345, 155, fields.prefix);
  for (const [place, data] of fields.at ?? []) data.copy(header, place);
  sign(header);
  if (fields.checksum !== undefined) {
    header.fill(0, 148, 156);
    header.write(fields.checksum, 148, "latin1");
  }
  return header;
}

/** Data, filled up to the next block. */
export function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((block - (data.length % block)) % block)]);
}

/** An entry with its content. */
export function rawEntry(fields: RawHeader, body: string | Buffer = ""): Buffer {
  const data = asBytes(body);
  return Buffer.concat([rawHeader({ size: data.length, ...fields }), padded(data)]);
}

/** POSIX's extended header. @param records may be text of one's own, to be wrong */
export function pax(records: [key: string, value: string | Buffer][] | string, global = false): Buffer {
  const body =
    typeof records === "string"
      ? Buffer.from(records)
      : Buffer.concat(records.map(([key, value]) => paxRecord(key, asBytes(value))));
  return rawEntry({ name: "pax", type: global ? "g" : "x" }, body);
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** GNU's long name of the next entry; "K": its link's long target. */
export function long(name: string | Buffer, letter: "L" | "K" = "L"): Buffer {
  const body = Buffer.concat([asBytes(name), Buffer.alloc(1)]);
  return rawEntry({ name: "././@LongLink", type: letter, gnu: true }, body);
}

/** A number as GNU writes large ones. */
export function base256(value: bigint, width = 12): Buffer {
  const bytes = Buffer.from(value.toString(16).padStart(width * 2, "0"), "hex");
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}

function part([offset, length]: [number, number]): Buffer {
  return Buffer.concat([base256(BigInt(offset)), base256(BigInt(length))]);
}

/** A file with holes, in GNU's old format. @param parts offset and length of what is stored */
export function sparse(
  name: string,
  size: number | bigint,
  parts: [offset: number, length: number][],
  stored = Buffer.alloc(
    parts.reduce((sum, [, length]) => sum + length, 0),
    "x",
  ),
): Buffer {
  const first = parts.slice(0, 4).map(part);
  const rest = parts.slice(4);
  const header = rawHeader({
    name,
    type: "S",
    gnu: true,
    size: stored.length,
    at: [
      [386, Buffer.concat(first)],
      [482, Buffer.from([rest.length > 0 ? 1 : 0])],
      [483, base256(BigInt(size))],
    ],
  });
  const more: Buffer[] = [];
  for (let at = 0; at < rest.length; at += 21) {
    const data = Buffer.alloc(block);
    Buffer.concat(rest.slice(at, at + 21).map(part)).copy(data);
    data[504] = at + 21 < rest.length ? 1 : 0;
    more.push(data);
  }
  return Buffer.concat([header, ...more, padded(stored)]);
}

/** What ends an archive. */
export const end = Buffer.alloc(2 * block);
