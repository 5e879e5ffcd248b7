/** From a secret to keys: Argon2id in WebAssembly, HKDF in WebCrypto. */

import { argon2id } from "hash-wasm";

import { KEY_BYTES } from "./x25519.js";

export const SALT_BYTES = 16;

/**
 * Argon2id (RFC 9106) with 19 456 KiB, two passes, one lane: 32 bytes.
 * @param {Uint8Array} secret
 * @param {Uint8Array} salt
 * @returns {Promise<Uint8Array>}
 */
export const stretch = (secret, salt) =>
  argon2id({
    password: secret,
    salt,
    memorySize: 19456,
    iterations: 2,
    parallelism: 1,
    hashLength: KEY_BYTES,
    outputType: "binary",
  });

/**
 * HKDF-SHA256 (RFC 5869).
 * @param {Uint8Array} master
 * @param {{info: Uint8Array, salt?: Uint8Array, length?: number}} how length in bytes
 */
export async function derive(master, { info, salt = new Uint8Array(), length = KEY_BYTES }) {
  const key = await crypto.subtle.importKey("raw", master, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 8 * length));
}
