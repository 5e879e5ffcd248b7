/** Messages and the keys that open them, byte for byte as docs/sealing.md says and referrals/crypto.py does. */

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

import { fourBytes, fromBase64Url, join, random, textOf, toBase64Url, utf8, wipe } from "./bytes.js";
import { CannotOpen, TooLong } from "./errors.js";
import { KEY_BYTES, held, importPublic } from "./x25519.js";

export const VERSION = 1;
export const SENDER = "sender";
export const ENC_BYTES = 32;
export const WRAPPED_KEY_BYTES = 48;
export const LOCKED_KEY_BYTES = 60;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const BUCKETS = [8 * 1024, 64 * 1024];

// RFC 9180, base mode.
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/**
 * @typedef {import("./x25519.js").Pair} Pair
 * @typedef {{case: Uint8Array, sequence: number, direction: "s"|"p"}} Context what a message is bound to: its case (the
 *   sender's public key, 32 bytes), its place in it, and who wrote it
 * @typedef {{enc: Uint8Array, ct: Uint8Array}} Wrap a key of 32 bytes sealed to one public key: 32 and 48 bytes
 * @typedef {{to: string, epoch: number, key: Uint8Array}} Addressee a partner's slug, its epoch and its public key
 * @typedef {{to: string, epoch: number, enc: string, ct: string}} WrittenWrap a wrap as JSON carries it
 * @typedef {{ciphertext: string, wraps: WrittenWrap[]}} Sealed a message as JSON carries it
 */

/**
 * The bytes that something of a message is bound to.
 * @param {string} label
 * @param {Context} context
 */
function under(label, context) {
  if (context.case.length !== KEY_BYTES || !/^[sp]$/.test(context.direction)) throw new RangeError("not a context");
  return join(utf8(`${label}\0`), context.case, fourBytes(context.sequence), utf8(context.direction));
}

/**
 * What the wrap of a message's key is bound to: `to` is a partner's slug, or SENDER with epoch 0.
 * @param {Context} context
 * @param {{to: string, epoch: number}} addressee
 */
export const keyInfo = (context, { to, epoch }) => join(under("eclaircie/1/key", context), fourBytes(epoch), utf8(to));

/**
 * Seal a key to a public key; only its private half opens it, and only under the same `info`.
 * @param {Uint8Array} key
 * @param {{to: Uint8Array, info: Uint8Array}} how
 * @returns {Promise<Wrap>}
 */
export async function wrap(key, { to, info }) {
  const { enc, ct } = await suite.seal({ recipientPublicKey: await importPublic(to), info }, key);
  return { enc: new Uint8Array(enc), ct: new Uint8Array(ct) };
}

/**
 * The key in a wrap. Throws CannotOpen.
 * @param {Wrap} wrapped
 * @param {{pair: Pair, info: Uint8Array}} how
 */
export async function unwrap({ enc, ct }, { pair, info }) {
  if (enc.length !== ENC_BYTES || ct.length !== WRAPPED_KEY_BYTES) throw new CannotOpen();
  const recipientKey = await held(pair);
  try {
    return new Uint8Array(await suite.open({ recipientKey, enc, info }, ct));
  } catch {
    throw new CannotOpen();
  }
}

/**
 * Encrypt a payload padded to the smallest bucket; the length says which bucket and nothing else. Throws TooLong.
 * @param {Uint8Array} payload
 * @param {{key: Uint8Array, context: Context}} how
 */
export async function seal(payload, { key, context }) {
  const bucket = BUCKETS.find((size) => LENGTH_BYTES + payload.length <= size);
  if (bucket === undefined) throw new TooLong();
  const padded = new Uint8Array(bucket);
  padded.set(fourBytes(payload.length));
  padded.set(payload, LENGTH_BYTES);
  const ciphertext = await lock(key, padded, under("eclaircie/1/message", context));
  wipe(padded);
  return ciphertext;
}

/**
 * The payload of a sealed message. Throws CannotOpen.
 * @param {Uint8Array} ciphertext
 * @param {{key: Uint8Array, context: Context}} how
 */
export async function unseal(ciphertext, { key, context }) {
  if (!BUCKETS.includes(ciphertext.length - NONCE_BYTES - TAG_BYTES)) throw new CannotOpen();
  const padded = await unlock(key, ciphertext, under("eclaircie/1/message", context));
  const length = new DataView(padded.buffer).getUint32(0);
  if (length > padded.length - LENGTH_BYTES) throw new CannotOpen();
  const payload = padded.slice(LENGTH_BYTES, LENGTH_BYTES + length);
  wipe(padded);
  return payload;
}

/**
 * Seal the JSON of a message under a key of its own, and that key to each addressee. Throws TooLong.
 * @param {object} content
 * @param {{context: Context, to: Addressee[]}} how
 * @returns {Promise<Sealed>}
 */
export async function sealMessage(content, { context, to }) {
  const key = random(KEY_BYTES);
  const payload = utf8(JSON.stringify({ v: VERSION, ...content }));
  const ciphertext = toBase64Url(await seal(payload, { key, context }));
  const wraps = await Promise.all(
    to.map(async ({ to: slug, epoch, key: publicKey }) => {
      const info = keyInfo(context, { to: slug, epoch });
      return { to: slug, epoch, ...writtenWrap(await wrap(key, { to: publicKey, info })) };
    }),
  );
  wipe(key, payload);
  return { ciphertext, wraps };
}

/**
 * The content of a message, whole or not at all. Throws CannotOpen.
 * @param {Sealed} sealed
 * @param {{context: Context, to: string, epoch: number, pair: Pair}} how as whom it is opened
 * @returns {Promise<{v: number, text: string, facts?: object, nickname?: string, contact?: object,
 *   professional?: object}>}
 */
export async function openMessage({ ciphertext, wraps }, { context, to, epoch, pair }) {
  const own = wraps.find((one) => one.to === to && one.epoch === epoch);
  if (own === undefined) throw new CannotOpen();
  const key = await unwrap(readWrap(own), { pair, info: keyInfo(context, { to, epoch }) });
  const payload = await unseal(fromBase64Url(ciphertext), { key, context });
  const content = parsed(textOf(payload));
  wipe(key, payload);
  return content;
}

/** @param {string} written */
function parsed(written) {
  let content;
  try {
    content = JSON.parse(written);
  } catch {
    throw new CannotOpen();
  }
  if (content?.v !== VERSION || typeof content.text !== "string") throw new CannotOpen();
  return content;
}

/**
 * A wrap as JSON carries it.
 * @param {Wrap} one
 */
export const writtenWrap = ({ enc, ct }) => ({ enc: toBase64Url(enc), ct: toBase64Url(ct) });

/**
 * A wrap from JSON. Throws CannotOpen.
 * @param {{enc: string, ct: string}} one
 * @returns {Wrap}
 */
export const readWrap = ({ enc, ct }) => ({
  enc: fromBase64Url(enc, ENC_BYTES),
  ct: fromBase64Url(ct, WRAPPED_KEY_BYTES),
});

/**
 * AES-256-GCM under a random nonce, which stands first.
 * @param {Uint8Array} key
 * @param {Uint8Array} plain
 * @param {Uint8Array} aad
 */
export async function lock(key, plain, aad) {
  const iv = random(NONCE_BYTES);
  const secret = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return join(iv, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: aad }, secret, plain)));
}

/**
 * What was locked. Throws CannotOpen.
 * @param {Uint8Array} key
 * @param {Uint8Array} locked
 * @param {Uint8Array} aad
 */
export async function unlock(key, locked, aad) {
  const iv = locked.subarray(0, NONCE_BYTES);
  try {
    const secret = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv, additionalData: aad };
    return new Uint8Array(await crypto.subtle.decrypt(how, secret, locked.subarray(NONCE_BYTES)));
  } catch {
    throw new CannotOpen();
  }
}
