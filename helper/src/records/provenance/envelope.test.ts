import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../../testing/folders.ts";
import { thrownBy } from "../../../testing/logs.ts";
import type { VoyagerError } from "../../common/errors.ts";
import {
  type Envelope,
  openEnvelope,
  preAuthenticationEncoding,
  readKey,
  signStatement,
} from "./envelope.ts";

const folder = temporaryFolders();
const pair = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");
const statement = '{"name":"Grüße"}';
const errorOf = (envelope: unknown, key = pair.publicKey) =>
  thrownBy<VoyagerError>(() => openEnvelope(JSON.stringify(envelope), "it.json", key));

test("the encoding of the specification's example", () => {
  // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
  const encoded = preAuthenticationEncoding("http://example.com/HelloWorld", Buffer.from("hello world"));
  expect(encoded.toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("what is signed is opened, and is what it was", () => {
  const envelope = signStatement(statement, pair.privateKey);
  expect(envelope.payloadType).toBe("application/vnd.in-toto+json");
  expect(openEnvelope(JSON.stringify(envelope), "it", pair.publicKey)).toBe(statement);
});

test("openssl says the same of the signature, with keys of its own", () => {
  const at = folder();
  const file = (name: string) => join(at, name);
  execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", file("key.pem")]);
  execFileSync("openssl", ["pkey", "-in", file("key.pem"), "-pubout", "-out", file("public.pem")]);
  const key = readKey(readFileSync(file("key.pem"), "utf8"), "key.pem", "private");
  const envelope = signStatement(statement, key);
  const payload = Buffer.from(envelope.payload, "base64");
  writeFileSync(file("signed"), preAuthenticationEncoding(envelope.payloadType, payload));
  writeFileSync(file("signature"), Buffer.from(envelope.signatures[0]?.sig ?? "", "base64"));
  const inputs = ["-rawin", "-in", file("signed"), "-sigfile", file("signature")];
  const check = () =>
    execFileSync("openssl", ["pkeyutl", "-verify", "-pubin", "-inkey", file("public.pem"), ...inputs], {
      encoding: "utf8",
      stdio: "pipe",
    });
  expect(check()).toContain("Signature Verified Successfully");
  writeFileSync(file("signed"), "something else");
  expect(check).toThrow();
});

test.each<[string, (envelope: Envelope) => unknown, string]>([
  ["other content", (one) => ({ ...one, payload: Buffer.from("{}").toString("base64") }), "none of its 1"],
  ["another type", (one) => ({ ...one, payloadType: "text/plain" }), "text/plain"],
  ["no signature", (one) => ({ ...one, signatures: [] }), "no DSSE envelope"],
  ["a broken signature", (one) => ({ ...one, signatures: [{ sig: "AAAA" }] }), "none of its 1"],
  ["no envelope", () => [], "no DSSE envelope"],
])("refused: %s", async (_, change, why) => {
  const error = await errorOf(change(signStatement(statement, pair.privateKey)));
  expect(error.kind).toBe("provenance");
  expect(error.what).toContain("it.json");
  expect(error.details.why).toContain(why);
});

test("another's key, whatever the envelope says of its name", async () => {
  const forged = signStatement(statement, stranger.privateKey);
  const { keyid } = signStatement(statement, pair.privateKey).signatures[0] ?? {};
  const error = await errorOf({ ...forged, signatures: forged.signatures.map((one) => ({ ...one, keyid })) });
  expect(error.kind).toBe("provenance");
});

test("one right signature among several is enough", () => {
  const own = signStatement(statement, pair.privateKey);
  const other = signStatement(statement, stranger.privateKey);
  const both = { ...own, signatures: [...other.signatures, ...own.signatures] };
  expect(openEnvelope(JSON.stringify(both), "it", pair.publicKey)).toBe(statement);
});

test("keys that are none, or of another kind, are named", async () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
  expect((await thrownBy<VoyagerError>(() => readKey(pem, "k.pem", "public"))).what).toContain(
    "rsa, not ed25519",
  );
  const none = await thrownBy<VoyagerError>(() => readKey("hello", "k.pem", "private"));
  expect(none.details.remedy).toContain("openssl genpkey -algorithm ed25519");
});
