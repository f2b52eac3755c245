/**
 * Signed statements: DSSE envelopes with ed25519.
 * https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import * as v from "valibot";
import { messageOf, VoyagerError } from "../../common/errors.ts";

export const payloadType = "application/vnd.in-toto+json";

const envelopeSchema = v.object({
  payloadType: v.string(),
  payload: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/_-]*={0,2}$/, "expected base 64")),
  signatures: v.pipe(
    v.array(v.object({ keyid: v.optional(v.string()), sig: v.string() })),
    v.minLength(1),
    v.maxLength(100),
  ),
});
export type Envelope = v.InferOutput<typeof envelopeSchema>;

/** What is signed: the type and the payload, each with its length before it. */
export function preAuthenticationEncoding(type: string, payload: Buffer): Buffer {
  const header = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(header), payload]);
}

/** Name of a key: the SHA-256 of its public part (SubjectPublicKeyInfo). It only helps to find it. */
export function keyId(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** Reads a key in PEM. @throws VoyagerError of kind `usage` when it is not an ed25519 key of that kind */
export function readKey(pem: string, file: string, kind: "private" | "public"): KeyObject {
  let key: KeyObject;
  try {
    key = kind === "private" ? createPrivateKey(pem) : createPublicKey(pem);
  } catch (error) {
    throw new VoyagerError("usage", `${file} is not a ${kind} key`, {
      why: messageOf(error),
      remedy:
        "make a pair with `openssl genpkey -algorithm ed25519 -out key.pem`\nand `openssl pkey -in key.pem -pubout -out public.pem`",
    });
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new VoyagerError("usage", `${file} is a key of type ${key.asymmetricKeyType}, not ed25519`, {
      remedy: "make one with `openssl genpkey -algorithm ed25519`",
    });
  }
  return key;
}

/** Signs a statement. */
export function signStatement(statement: string, key: KeyObject): Envelope {
  const payload = Buffer.from(statement);
  const sig = sign(null, preAuthenticationEncoding(payloadType, payload), key).toString("base64");
  return { payloadType, payload: payload.toString("base64"), signatures: [{ keyid: keyId(key), sig }] };
}

function untrusted(file: string, why: string): VoyagerError {
  return new VoyagerError("provenance", `${file} is not a statement that this key signed`, {
    why,
    remedy: "take it for forged until you know better: ask who made it, and for the right key",
  });
}

/**
 * The statement in an envelope, once the key's signature is found to be right.
 *
 * @param text the envelope's JSON; may be hostile
 * @param file where it is from, for messages
 * @throws VoyagerError of kind `provenance` when it is no envelope, or no signature is the key's
 */
export function openEnvelope(text: string, file: string, key: KeyObject): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw untrusted(file, messageOf(error));
  }
  const envelope = v.safeParse(envelopeSchema, json);
  if (!envelope.success) throw untrusted(file, `it is no DSSE envelope: ${envelope.issues[0].message}`);
  const { payloadType: type, payload, signatures } = envelope.output;
  if (type !== payloadType) throw untrusted(file, `it holds ${type}, not ${payloadType}`);
  const content = Buffer.from(payload, "base64");
  const signed = preAuthenticationEncoding(type, content);
  // The key's name is a hint that anybody may write: what counts is the signature.
  const valid = signatures.some(({ sig }) => verify(null, signed, key, Buffer.from(sig, "base64")));
  if (!valid) throw untrusted(file, `none of its ${signatures.length} signatures is of key ${keyId(key)}`);
  return content.toString("utf8");
}
