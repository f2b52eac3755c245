import { createHash } from "node:crypto";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { temporaryFolders } from "../../../testing/folders.ts";
import { thrownBy } from "../../../testing/logs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import { checkedHashes } from "./content.ts";
import { readWheel } from "./wheel.ts";

const folder = temporaryFolders();
const hex = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const base64 = (data: Uint8Array) => createHash("sha256").update(data).digest("base64url");
const library = Buffer.from("\x7fELF".padEnd(300_000, "code "));

/** A wheel with a compiled file; `change` makes the bytes of the archive wrong. */
async function wheelWith(record: string, change: (data: Buffer) => void = () => {}, level: 0 | 9 = 9) {
  const members = {
    "x.so": [library, { level }] as const,
    "x-1.dist-info/RECORD": new TextEncoder().encode(record),
  };
  const data = Buffer.from(zipSync(members as never));
  change(data);
  const file = join(folder(), "x-1-py3-none-any.whl");
  writeFileSync(file, data);
  return readWheel(file, openSync(file, "r"));
}

const asked = new Set(["x.so", "missing.so"]);
const right = `x.so,sha256=${base64(library)},${library.length}\n`;

test.each([0, 9] as const)("the hash of what is there, stored or compressed (%d)", async (level) => {
  for (const record of [right, "", "x.so,,\n", "x.so,md5=abc,1\n"]) {
    const wheel = await wheelWith(record, () => {}, level);
    expect(Object.fromEntries(await checkedHashes(wheel, asked))).toEqual({ "x.so": hex(library) });
  }
});

test.each([
  ["another hash", right.replace(/sha256=..../, "sha256=AAAA")],
  ["two hashes, one of them right", `x.so,sha256=${base64(Buffer.from("y"))},1\n${right}`],
])("a RECORD with %s is told", async (_name, record) => {
  const error = await thrownBy<VoyagerError>(checkedHashes(await wheelWith(record), asked));
  expect(error).toMatchObject({
    kind: "output",
    what: "no SBOM can be put into the wheel x-1-py3-none-any.whl",
    details: { why: "its RECORD has another hash of x.so than the file has" },
  });
});

/** Writes over the size or the sum that the archive has of the first member, in both places. */
const lie = (local: number, central: number, value: number) => (data: Buffer) => {
  data.writeUInt32LE(value, local);
  data.writeUInt32LE(value, data.indexOf("PK\x01\x02", 0, "latin1") + central);
};

test.each([
  ["less than it unpacks to", lie(22, 24, 1000)],
  ["more than it unpacks to", lie(22, 24, 1_000_000)],
  ["another checksum", lie(14, 16, 7)],
  ["damaged data", (data: Buffer) => data.fill(0xff, 40, 60)],
])("a member with %s is told", async (_name, change) => {
  const error = await thrownBy<VoyagerError>(checkedHashes(await wheelWith("", change), asked));
  expect(error.kind).toBe("output");
  expect(error.details.why).toMatch(/x\.so is damaged|invalid/);
});
