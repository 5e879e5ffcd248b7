/** X25519 key pairs of 32 bytes each, from the browser's own implementation. */

import { join, random, wipe } from "./bytes.js";

export const KEY_BYTES = 32;

// RFC 8410, §7: what stands before the 32 bytes of a private key.
const PKCS8_HEAD = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));

/**
 * @typedef {{private: Uint8Array, public: Uint8Array}} Pair
 */

/**
 * The pair of a private key of 32 bytes.
 * @param {Uint8Array} privateBytes kept in the pair as it is, not copied
 * @returns {Promise<Pair>}
 */
export async function pairOf(privateBytes) {
  const [privateKey, base] = await Promise.all([importPrivate(privateBytes), importPublic(BASE_POINT)]);
  // The public key is the private one times the base point (RFC 7748, §6.1); no engine has to export anything.
  const bits = await crypto.subtle.deriveBits({ name: "X25519", public: base }, privateKey, 8 * KEY_BYTES);
  return { private: privateBytes, public: new Uint8Array(bits) };
}

/** A random pair. */
export const newPair = () => pairOf(random(KEY_BYTES));

/**
 * The pair as the browser holds it, for HPKE; the private half cannot be read back.
 * @param {Pair|CryptoKeyPair} pair
 * @returns {Promise<CryptoKeyPair>}
 */
export async function held(pair) {
  if ("privateKey" in pair) return pair;
  const [privateKey, publicKey] = await Promise.all([importPrivate(pair.private), importPublic(pair.public)]);
  return { privateKey, publicKey };
}

/** @param {Uint8Array} bytes */
export const importPublic = (bytes) => crypto.subtle.importKey("raw", bytes, { name: "X25519" }, true, []);

/** @param {Uint8Array} bytes */
async function importPrivate(bytes) {
  if (bytes.length !== KEY_BYTES) throw new RangeError("not a key of 32 bytes");
  const whole = join(PKCS8_HEAD, bytes);
  try {
    return await crypto.subtle.importKey("pkcs8", whole, { name: "X25519" }, false, ["deriveBits"]);
  } finally {
    wipe(whole);
  }
}
