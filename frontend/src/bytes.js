/** Bytes as the formats of docs/sealing.md write them: base64url, big-endian numbers, joined, wiped. */

import { CannotOpen } from "./errors.js";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/**
 * Text of UTF-8 bytes; a CannotOpen when they are none.
 * @param {Uint8Array} bytes
 */
export function textOf(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    throw new CannotOpen();
  }
}

/** @param {...Uint8Array} parts */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/**
 * A number as 4 bytes, highest first.
 * @param {number} value
 */
export function fourBytes(value) {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError("not a number of 4 bytes");
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** @param {number} size */
export const random = (size) => crypto.getRandomValues(new Uint8Array(size));

/**
 * Bytes as base64url without padding.
 * @param {Uint8Array} bytes
 */
export function toBase64Url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Bytes of a base64url text, of exactly `size` when given; a CannotOpen when the text is anything else.
 * @param {string} text
 * @param {number} [size]
 */
export function fromBase64Url(text, size) {
  if (typeof text !== "string" || !/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new CannotOpen();
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (size !== undefined && binary.length !== size) throw new CannotOpen();
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/**
 * Put zeros where a secret was. Strings, big integers and keys that the browser holds cannot be wiped.
 * @param {...Uint8Array} secrets
 */
export function wipe(...secrets) {
  for (const secret of secrets) secret.fill(0);
}
